#include "tests/storage_support/test_databases.hpp"

#include "storage/migrations.hpp"

#include <libpq-fe.h>

#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <unistd.h>

namespace wardline::testing {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().detail};
    return std::move(result).value();
}

void must(Result<void> result) {
    if (!result) throw std::runtime_error{result.error().detail};
}

std::string with_database(const std::string& conninfo, const std::string& name) {
    return conninfo.substr(0, conninfo.find(" dbname=")) + " dbname=" + name;
}

struct Answer {
    std::string state{"00000"};
    std::string message;
    std::string first;
};

Answer ask(const std::string& conninfo, const std::string& statements) {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> conn{
        PQconnectdb(conninfo.c_str()), &PQfinish
    };
    if (PQstatus(conn.get()) != CONNECTION_OK) return {"08006", PQerrorMessage(conn.get()), {}};
    PQsetNoticeProcessor(conn.get(), [](void*, const char*) {}, nullptr);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result{
        PQexec(conn.get(), statements.c_str()), &PQclear
    };
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        const auto* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
        return {state == nullptr ? "XX000" : state, PQresultErrorMessage(result.get()), {}};
    }
    Answer answer;
    if (PQntuples(result.get()) > 0) answer.first = PQgetvalue(result.get(), 0, 0);
    return answer;
}

}  // namespace

// In memory where there is such a place: making a cluster writes a thousand small files, and a disk
// that others are busy with takes its time over each.
ScratchFolder::ScratchFolder(const std::string& name)
    : path_{
          std::string{::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"} + "/wardline-test-" +
          name + "-XXXXXX"
      } {
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error{"cannot make " + path_};
}

ScratchFolder::~ScratchFolder() {
    std::error_code ec;
    std::filesystem::remove_all(path_, ec);
}

TestDatabases& TestDatabases::shared() {
    static TestDatabases databases;
    return databases;
}

TestDatabases::TestDatabases() {
    clusters_ = std::make_unique<storage::EmbeddedPostgres>(must(storage::EmbeddedPostgres::start(
        {.folder = folder_.path(), .binaries = {}, .sync_to_disk = false}
    )));
    const auto main = create(clusters_->main_conninfo(), "template1");
    must(storage::migrate(main, storage::main_migrations(), "the template"));
    const auto keys = create(clusters_->keys_conninfo(), "template1");
    must(storage::migrate(keys, storage::key_migrations(), "the template"));
    sql(clusters_->main_conninfo(), "alter database t1 rename to migrated");
    sql(clusters_->keys_conninfo(), "alter database t2 rename to migrated");
}

std::string TestDatabases::create(const std::string& server, const std::string& from) {
    const auto name = "t" + std::to_string(++made_);
    sql(server, "create database " + name + " template " + from);
    return with_database(server, name);
}

storage::DatabaseOptions TestDatabases::fresh() {
    storage::DatabaseOptions options;
    options.main = create(clusters_->main_conninfo(), "migrated");
    options.keys = create(clusters_->keys_conninfo(), "migrated");
    return options;
}

std::string TestDatabases::empty_main() {
    return create(clusters_->main_conninfo(), "template1");
}
std::string TestDatabases::empty_keys() {
    return create(clusters_->keys_conninfo(), "template1");
}

std::string sql(const std::string& conninfo, const std::string& statements) {
    auto answer = ask(conninfo, statements);
    if (answer.state != "00000") throw std::runtime_error{answer.message};
    return answer.first;
}

std::string sqlstate(const std::string& conninfo, const std::string& statements) {
    return ask(conninfo, statements).state;
}

}  // namespace wardline::testing
