-- The key ring: numbered random keys, wrapped by a key-encryption key that is not in this cluster,
-- and nothing else. In a cluster of its own, because a database beside the journal's would share its
-- write-ahead log and its backups, in which a destroyed key would live on.

create table wardline.keys (
    number bigint primary key check (number > 0),
    wrapped bytea not null
);
-- Wrapped keys do not compress.
alter table wardline.keys alter column wrapped set storage plain;

-- Numbers are handed out in blocks, to one node each, and never twice: `reserved` is the last one that
-- was. The node makes the keys of its block ahead of their use. `proof` is sealed under the
-- key-encryption key, so that another one is noticed before it makes a key.
create table wardline.ring (
    one boolean primary key default true check (one),
    reserved bigint not null check (reserved >= 0),
    proof bytea
) with (fillfactor = 20);
insert into wardline.ring (reserved) values (0);

do $$
begin
    create role wardline_keys nologin;
exception when duplicate_object then null;
end $$;
do $$
begin
    if not (select rolsuper from pg_roles where rolname = current_user) then
        execute format('grant wardline_keys to %I', current_user);
    end if;
end $$;
grant usage on schema wardline to wardline_keys;
grant select, insert, delete on wardline.keys to wardline_keys;
grant select, update on wardline.ring to wardline_keys;
