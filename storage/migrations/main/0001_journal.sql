-- The journal of a clinic: what is appended, and what is kept beside it.
--
-- It lies in a schema of its own, which the program makes, because PostgreSQL 15 grants nobody CREATE
-- on "public". Times are milliseconds since 1970 (UTC), ids are 16 bytes, hashes 32. Every table
-- starts with the clinic's number, so that one cluster can hold many clinics later; in this release
-- it is 1.

-- What is known of the clinic outside of its journal. The id is set by the entry of genesis.
create table wardline.clinics (
    clinic int primary key,
    id bytea unique check (octet_length(id) = 16)
);

-- The first lock of every writing transaction, held until its commit: so numbers become visible in
-- order, from any number of nodes. One narrow row, updated for every batch, hence the room to stay on
-- its page. `fence` counts writes that change nothing else: the answer to a repeated request must be
-- a committed write too, or it could speak of a row that no standby has.
create table wardline.heads (
    clinic int primary key references wardline.clinics,
    seq bigint not null check (seq >= 0),
    time bigint not null,
    body bytea,
    sig bytea,
    fence bigint not null default 0,
    check ((body is null) = (seq = 0) and (sig is null) = (seq = 0))
) with (fillfactor = 20);

-- What remains of an entry for ever. The leaf binds time, kind and the salted hash of the details.
create table wardline.entries (
    clinic int not null,
    seq bigint not null check (seq > 0),
    time bigint not null,
    kind smallint not null,
    leaf bytea not null check (octet_length(leaf) = 32),
    primary key (clinic, seq)
);

-- In a table of its own, from which retention may delete: the tree stays whole without it.
-- Thread and class repeat what the details say, for finding.
create table wardline.entry_details (
    clinic int not null,
    seq bigint not null,
    salt bytea not null check (octet_length(salt) = 16),
    details bytea not null,
    thread bytea check (octet_length(thread) = 16),
    class smallint,
    primary key (clinic, seq)
);
create index entry_details_by_thread on wardline.entry_details (clinic, thread, seq)
    where thread is not null;

-- The exact bytes that were signed. A position of a chain is taken once.
create table wardline.statements (
    clinic int not null,
    seq bigint not null,
    chain text not null collate "C",
    pos bigint not null check (pos >= 0),
    hash bytea not null check (octet_length(hash) = 32),
    statement bytea not null,
    primary key (clinic, seq),
    unique (clinic, chain, pos),
    unique (clinic, hash)
);
-- What a device syncs: statements of its chains behind its cursor.
create index statements_by_chain on wardline.statements (clinic, chain, seq);

-- Boxes of key epochs, for members only. They are as old as their statement and live as long.
create table wardline.epoch_boxes (
    clinic int not null,
    epoch bytea not null check (octet_length(epoch) = 32),
    boxes bytea[] not null,
    previous boolean not null,
    primary key (clinic, epoch)
);
create table wardline.admit_boxes (
    clinic int not null,
    epoch bytea not null check (octet_length(epoch) = 32),
    device bytea not null check (octet_length(device) = 16),
    seq bigint not null,
    box bytea not null,
    primary key (clinic, epoch, device)
);

-- Retention units. Of the live ones there is one for each (thread, class, day): a message that comes
-- for a condemned unit's day gets a new one. Key numbers come from the key ring and are used once;
-- the constraint catches a ring that was put back from a backup.
create table wardline.units (
    clinic int not null,
    unit bigint not null,
    thread bytea not null check (octet_length(thread) = 16),
    class smallint not null,
    day int not null,
    key_number bigint not null unique,
    state smallint not null default 0 check (state between 0 and 3),
    primary key (clinic, unit)
);
comment on column wardline.units.state is '0 live, 1 condemned, 2 key destroyed, 3 gone';
create unique index units_live on wardline.units (clinic, thread, class, day) where state = 0;
create index units_live_by_day on wardline.units (clinic, class, day, unit) where state = 0;
create index units_ending on wardline.units (clinic, state, unit) where state in (1, 2);

-- Wrapped by the key of their unit. Added slots have one payload for each unit that they touch.
-- Ciphertext and wrapping do not compress, so nobody tries.
create table wardline.payloads (
    clinic int not null,
    seq bigint not null,
    unit bigint not null,
    kind smallint not null,
    wrapped bytea not null,
    primary key (clinic, seq, unit)
);
alter table wardline.payloads alter column wrapped set storage external;
create index payloads_by_unit on wardline.payloads (clinic, unit);

-- A repeated message id is answered with the first seq; the hash tells other bytes under it.
create table wardline.message_ids (
    clinic int not null,
    device bytea not null check (octet_length(device) = 16),
    id bytea not null check (octet_length(id) = 16),
    seq bigint not null,
    time bigint not null,
    hash bytea not null check (octet_length(hash) = 32),
    primary key (clinic, device, id)
);

-- The last counter of a device in a thread, for each audience (0 all, 1 internal).
create table wardline.counters (
    clinic int not null,
    device bytea not null,
    thread bytea not null,
    audience smallint not null,
    counter bigint not null,
    primary key (clinic, device, thread, audience)
) with (fillfactor = 70);

-- Full tiles of the Merkle tree: 256 hashes and the root over them, which is a hash of the tile
-- above. Never updated; an unfinished tile is read from the leaves, or from the roots below it.
create table wardline.tiles (
    clinic int not null,
    level smallint not null,
    index bigint not null,
    root bytea not null check (octet_length(root) = 32),
    hashes bytea not null check (octet_length(hashes) = 8192),
    primary key (clinic, level, index)
);
alter table wardline.tiles alter column hashes set storage external;

-- Beside the journal: what may be lost back to the last write without harm to anybody.

create table wardline.cursors (
    clinic int not null,
    thread bytea not null check (octet_length(thread) = 16),
    device bytea not null check (octet_length(device) = 16),
    delivered bigint not null,
    read bigint not null,
    primary key (clinic, thread, device)
) with (fillfactor = 70);
create index cursors_by_device on wardline.cursors (clinic, device);

-- `generation` is the client store's count of logins: an old copy put back has a smaller one.
create table wardline.devices (
    clinic int not null,
    device bytea not null check (octet_length(device) = 16),
    generation bigint not null default 0,
    last_seen bigint not null default 0,
    primary key (clinic, device)
) with (fillfactor = 70);

create table wardline.signed_prekeys (
    clinic int not null,
    device bytea not null check (octet_length(device) = 16),
    registration bigint not null,
    id bigint not null,
    key bytea not null,
    sig bytea not null,
    primary key (clinic, device)
);
create table wardline.one_time_prekeys (
    clinic int not null,
    device bytea not null,
    id bigint not null,
    key bytea not null,
    primary key (clinic, device, id)
);

insert into wardline.clinics (clinic) values (1);
insert into wardline.heads (clinic, seq, time) values (1, 0, 0);
