-- What makes the journal an audit trail: heads that are kept, details that can be erased without a
-- hole, network addresses apart from everything, and a way to find what is about a thread.

-- Signed heads, kept for good: the first of each minute in which something was written. With them a
-- journal that was changed shows where.
create table wardline.tree_heads (
    clinic int not null,
    size bigint not null check (size > 0),
    time bigint not null,
    body bytea not null,
    sig bytea not null,
    primary key (clinic, size)
);

-- What is left of details that were erased: SHA-256(salt details), from which the leaf is still
-- recomputed. Nobody finds the details from it, because the salt is gone too.
create table wardline.erased_details (
    clinic int not null,
    seq bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    primary key (clinic, seq)
);

-- Where a login came from. Not part of the entry, and gone after 28 days.
create table wardline.addresses (
    clinic int not null,
    seq bigint not null,
    time bigint not null,
    address text not null,
    primary key (clinic, seq)
);
create index addresses_by_time on wardline.addresses (clinic, time);

-- The thread that an entry is about without being part of it: opened, closed, received, refused.
alter table wardline.entry_details add column about bytea check (octet_length(about) = 16);
create index entry_details_by_about on wardline.entry_details (clinic, about, seq)
    where about is not null;
-- In details that are there already the thread stands behind its key: 66 "thread" 50.
update wardline.entry_details d
set about = substring(d.details from position('\x6674687265616450'::bytea in d.details) + 8 for 16)
from wardline.entries e
where e.clinic = d.clinic and e.seq = d.seq and e.kind in (6, 7, 8, 10)
    and position('\x6674687265616450'::bytea in d.details) > 0;

grant select on wardline.tree_heads, wardline.erased_details, wardline.addresses
to wardline_server;
grant insert on wardline.tree_heads, wardline.addresses to wardline_server;

grant select on wardline.entries, wardline.tree_heads, wardline.addresses to wardline_retention;
grant select, insert on wardline.erased_details to wardline_retention;
grant delete on wardline.addresses to wardline_retention;
