#pragma once

#include "storage/database.hpp"
#include "storage/embedded_postgres.hpp"

#include <memory>
#include <string>

namespace wardline::testing {

// A folder of its own that is gone at the end of its life.
class ScratchFolder {
public:
    explicit ScratchFolder(const std::string& name = "scratch");
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder();
    const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

// One real pair of clusters for the whole test program, started by the first who asks, stopped at
// its end. Each test gets databases of its own, copied from migrated templates (tens of
// milliseconds).
class TestDatabases {
public:
    static TestDatabases& shared();

    // Two migrated, empty databases, in different clusters.
    storage::DatabaseOptions fresh();
    // conninfo of a new database without any schema, in the main cluster or in that of the keys.
    std::string empty_main();
    std::string empty_keys();

    storage::EmbeddedPostgres& clusters() { return *clusters_; }
    const std::string& folder() const { return folder_.path(); }

private:
    TestDatabases();
    std::string create(const std::string& server, const std::string& from);

    ScratchFolder folder_{"databases"};
    std::unique_ptr<storage::EmbeddedPostgres> clusters_;
    int made_{0};
};

// Runs statements as the owner, blocking; throws with the server's message on an error. The text of
// the first column of the first row, or "".
std::string sql(const std::string& conninfo, const std::string& statements);
// The SQLSTATE with which the statement fails, or "00000".
std::string sqlstate(const std::string& conninfo, const std::string& statements);

}  // namespace wardline::testing
