-- The index by day is for what is due. With the same columns under the same condition as the one by
-- thread it was also taken, where nothing had been analysed yet, to look up one thread's unit, which
-- then went through the units of all threads of that day. Now only a query that says `day >= 0` can
-- use it.
drop index wardline.units_live_by_day;
create index units_due on wardline.units (clinic, class, day, unit) where state = 0 and day >= 0;
