"""Kills a real process again and again, and looks whether anything was lost or done twice."""
