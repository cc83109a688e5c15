"""What people's answers teach: a probability, and below which risk a question may be left out."""
