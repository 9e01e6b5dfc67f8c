-- While an erasure is under way: the SHA-256 of the address by which its user was named, so that the same command finds the receipt
-- when the user is gone already. Null once it is finished, and of whoever was named by an id.
alter table erasures add column address bytea;
