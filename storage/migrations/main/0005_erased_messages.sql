-- Messages too lose their details in time, once their payloads are gone. What is left of each says in
-- which thread it stood, so that readers who count the thread's messages know of it.
alter table wardline.erased_details
    add column thread bytea check (octet_length(thread) = 16),
    add column class smallint;
create index erased_details_by_thread on wardline.erased_details (clinic, thread, seq)
    where thread is not null;
