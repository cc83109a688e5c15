-- Surefoot sample workload for shop.db: how often each query runs is in its `calls` line.

-- name: orders_of_customer
-- calls: 400
SELECT id, ordered_at, status, total_cents
FROM orders
WHERE customer_id = 17
ORDER BY ordered_at DESC, id DESC
LIMIT 20;

-- name: items_of_order
-- calls: 300
SELECT i.id, p.sku, p.name, i.quantity, i.unit_price_cents
FROM order_items AS i
JOIN products AS p ON p.id = i.product_id
WHERE i.order_id = 1234
ORDER BY i.id;

-- name: customer_by_email
-- calls: 200
SELECT id, first_name, last_name, segment
FROM customers
WHERE email = 'ingrid.romero.1201@example.com';

-- name: payment_by_reference
-- calls: 80
SELECT p.id, p.status, p.amount_cents, o.customer_id, o.ordered_at
FROM payments AS p
JOIN orders AS o ON o.id = p.order_id
WHERE p.reference = 'PAY-4751400';

-- name: open_disputes
-- calls: 40
SELECT id, customer_id, ordered_at, total_cents
FROM orders
WHERE status IN ('disputed', 'returned')
ORDER BY ordered_at DESC, id DESC
LIMIT 50;

-- name: undelivered_parcels
-- calls: 40
SELECT id, order_id, warehouse, shipped_at
FROM shipments
WHERE carrier = 'Kestrel' AND delivered_at IS NULL
ORDER BY shipped_at, id
LIMIT 100;

-- name: customers_named_like
-- calls: 60
SELECT id, last_name, first_name, city
FROM customers
WHERE last_name LIKE 'mc%'
ORDER BY last_name, first_name, id
LIMIT 50;

-- name: revenue_per_day
-- calls: 10
SELECT substr(ordered_at, 1, 10) AS day, count(*) AS orders, sum(total_cents) AS cents
FROM orders
WHERE ordered_at >= '2025-11-01' AND ordered_at < '2025-12-01'
GROUP BY day
ORDER BY day;

-- name: units_per_product
-- calls: 5
SELECT product_id, sum(quantity) AS units
FROM order_items
GROUP BY product_id
ORDER BY units DESC, product_id
LIMIT 20;

-- name: category_sales_this_week
-- calls: 5
SELECT p.id, p.name, sum(i.quantity * i.unit_price_cents) AS cents
FROM orders AS o
JOIN order_items AS i ON i.order_id = o.id
JOIN products AS p ON p.id = i.product_id
WHERE p.category_id = 12 AND o.ordered_at >= '2025-12-24'
GROUP BY p.id, p.name
ORDER BY cents DESC, p.id
LIMIT 25;

-- name: ratings_in_category
-- calls: 5
SELECT p.id, p.name,
  (SELECT count(*) FROM reviews AS r WHERE r.product_id = p.id AND r.rating <= 2) AS bad
FROM products AS p
WHERE p.category_id = 7 AND p.active = 1
ORDER BY bad DESC, p.id
LIMIT 20;

-- name: buyers_without_review
-- calls: 2
SELECT c.id, c.email
FROM customers AS c
WHERE c.country = 'PT'
  AND EXISTS (SELECT 1 FROM orders AS o WHERE o.customer_id = c.id AND o.status = 'delivered')
  AND NOT EXISTS (SELECT 1 FROM reviews AS r WHERE r.customer_id = c.id)
ORDER BY c.id;

-- name: failed_payments_by_channel
-- calls: 5
WITH failed AS (
  SELECT order_id, amount_cents
  FROM payments
  WHERE status = 'failed' AND paid_at IS NULL
)
SELECT o.channel, count(*) AS payments, sum(f.amount_cents) AS cents
FROM failed AS f
JOIN orders AS o ON o.id = f.order_id
WHERE o.ordered_at >= '2025-07-01'
GROUP BY o.channel
ORDER BY o.channel;

-- name: stock_in_warehouse
-- calls: 10
SELECT product_id, sum(quantity) AS stock
FROM inventory_movements
WHERE warehouse = 'Oslo' AND moved_at >= '2025-06-01'
GROUP BY product_id
ORDER BY stock, product_id
LIMIT 40;

-- name: latest_reviews_of_product
-- calls: 100
SELECT r.id, r.rating, r.title, c.first_name, c.country
FROM reviews AS r
JOIN customers AS c ON c.id = r.customer_id
WHERE r.product_id = 23
ORDER BY r.created_at DESC, r.id DESC
LIMIT 10;

-- name: monthly_best_segment
-- calls: 1
WITH monthly AS (
  SELECT c.segment, substr(o.ordered_at, 1, 7) AS month, sum(o.total_cents) AS cents
  FROM customers AS c
  JOIN orders AS o ON o.customer_id = c.id
  WHERE c.country IN ('NO', 'SE')
  GROUP BY c.segment, month
)
SELECT month, segment, max(cents) AS cents
FROM monthly
GROUP BY month
ORDER BY month;

-- name: disputes_and_their_parcels
-- calls: 3
SELECT o.id, o.ordered_at, o.total_cents,
  (SELECT max(s.delivered_at) FROM shipments AS s WHERE s.order_id = o.id) AS delivered_at
FROM orders AS o
WHERE o.status = 'disputed'
ORDER BY o.id;

-- name: expensive_orders_paid_late
-- calls: 2
SELECT o.id, o.customer_id, o.total_cents
FROM orders AS o
WHERE o.ordered_at >= '2025-10-01' AND o.total_cents > 60000
  AND EXISTS (SELECT 1 FROM payments AS p WHERE p.order_id = o.id AND p.status = 'failed')
ORDER BY o.total_cents DESC, o.id;

-- name: complaints
-- calls: 2
SELECT *
FROM reviews
WHERE body LIKE '%broken%' AND body LIKE '%refund%'
ORDER BY id;
