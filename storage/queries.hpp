#pragma once

#include "storage/pg/query.hpp"

#include <vector>

// Every statement of the program, file by file, so that one test prepares them all against the
// migrated schema: a misspelt column fails at once.
namespace wardline::storage {

// Against the main database.
std::vector<pg::Query> journal_look_up_queries();
std::vector<pg::Query> journal_rows_queries();
std::vector<pg::Query> journal_reader_queries();
std::vector<pg::Query> tree_queries();
std::vector<pg::Query> device_queries();
std::vector<pg::Query> cursor_queries();
std::vector<pg::Query> counter_queries();
std::vector<pg::Query> prekey_queries();
std::vector<pg::Query> unit_queries();
std::vector<pg::Query> audit_queries();
std::vector<pg::Query> key_ring_main_queries();
// Those of role wardline_retention.
std::vector<pg::Query> retention_queries();
std::vector<pg::Query> audit_eraser_queries();
// Against the key ring's.
std::vector<pg::Query> key_ring_queries();

}  // namespace wardline::storage
