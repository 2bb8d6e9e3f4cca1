#pragma once

namespace wardline::storage {

// Of every connection of ours. Plans flip: without statistics the planner may read a whole table
// for one batch. So each statement is planned once, for any parameters, and by indexes only.
constexpr const char* kSessionSettings =
    "-c search_path=wardline -c plan_cache_mode=force_generic_plan -c enable_seqscan=off "
    "-c enable_hashjoin=off -c enable_mergejoin=off -c enable_bitmapscan=off "
    "-c enable_material=off -c enable_memoize=off -c enable_hashagg=off -c jit=off";

}  // namespace wardline::storage
