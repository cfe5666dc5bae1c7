-- Each row of the audit log carries the hash of the one before and its own; the rows there are get theirs with this migration (audit_chain.cpp).
alter table audit add column previous_hash text not null default '';
alter table audit add column hash text not null default '';
