#include "storage/database.hpp"

#include "storage/migrations.hpp"
#include "storage/pg/pool.hpp"
#include "storage/session_settings.hpp"

namespace wardline::storage {

Result<void> prepare_databases(const DatabaseOptions& options) {
    constexpr auto* kMain = "the database";
    constexpr auto* kKeys = "the key ring";
    WARDLINE_TRY(const auto main, inspect_schema(options.main, main_migrations(), kMain));
    WARDLINE_TRY(const auto keys, inspect_schema(options.keys, key_migrations(), kKeys));
    if (main.system == keys.system) {
        return Error{
            Code::usage,
            "the key ring must be in a PostgreSQL cluster of its own: beside the database it would "
            "be in the same backups, and what was destroyed would live on in them"
        };
    }
    // Most starts find nothing to do, and then need no right to change a schema.
    if (main.version != static_cast<int>(main_migrations().size())) {
        WARDLINE_TRY(migrate(options.main, main_migrations(), kMain));
    }
    if (keys.version != static_cast<int>(key_migrations().size())) {
        WARDLINE_TRY(migrate(options.keys, key_migrations(), kKeys));
    }
    return success();
}

struct Database::Impl {
    Impl(const net::any_io_executor& on, DatabaseOptions with)
        : executor{on},
          options{std::move(with)},
          main{on, pool(options.main, "wardline_server", options.connections)},
          retention{on, pool(options.main, "wardline_retention", 1)},
          keys{on, pool(options.keys, "wardline_keys", 2)} {}

    pg::PoolOptions pool(const std::string& conninfo, const char* role, std::size_t connections) {
        pg::PoolOptions out;
        out.connect.conninfo = conninfo;
        out.connect.role = role;
        out.connect.settings = kSessionSettings;
        out.connections = connections;
        out.deadline = options.deadline;
        return out;
    }

    net::any_io_executor executor;
    DatabaseOptions options;
    pg::Pool main;
    pg::Pool retention;
    pg::Pool keys;
};

Database::Database(net::any_io_executor executor, DatabaseOptions options)
    : impl_{std::make_unique<Impl>(executor, std::move(options))} {}
Database::~Database() = default;

const DatabaseOptions& Database::options() const noexcept {
    return impl_->options;
}
net::any_io_executor Database::executor() const {
    return impl_->executor;
}
pg::Pool& Database::main() {
    return impl_->main;
}
pg::Pool& Database::retention() {
    return impl_->retention;
}
pg::Pool& Database::keys() {
    return impl_->keys;
}

void Database::close() {
    impl_->main.close();
    impl_->retention.close();
    impl_->keys.close();
}

}  // namespace wardline::storage
