-- A controller that starts anew asks which orders have neither ended nor been answered.
create index orders_expires on orders (expires);
create index receipts_subject on receipts (subject);
