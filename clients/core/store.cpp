#include "clients/core/store.hpp"

#include "clients/core/private_file.hpp"
#include "protocol/base/cbor.hpp"

#include <array>
#include <fcntl.h>
#include <fstream>
#include <sqlite3.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace wardline::client {
namespace {

constexpr std::int32_t kApplication = 0x57444c31;  // "WDL1"
constexpr std::uint32_t kMemoryKibMax = 1'048'576;
constexpr std::uint32_t kPassesMax = 16;
constexpr std::size_t kSpaceBytes = 16;
constexpr std::string_view kCreate = R"sql(
CREATE TABLE seal (one INTEGER PRIMARY KEY CHECK (one = 1), parameters BLOB NOT NULL) STRICT;
CREATE TABLE record (
    space BLOB NOT NULL, key BLOB NOT NULL, ordinal INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_ordinal ON record (space, ordinal);
)sql";

template <auto Free>
struct FreeWith {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};
using Database = std::unique_ptr<sqlite3, FreeWith<sqlite3_close_v2>>;
using Statement = std::unique_ptr<sqlite3_stmt, FreeWith<sqlite3_finalize>>;

Error damaged(std::string_view what) {
    return Error{
        Code::local_store,
        "the local store is damaged or was changed by somebody: " + std::string{what}
    };
}
Error failed(sqlite3* database) {
    const int code = sqlite3_errcode(database);
    if (code == SQLITE_FULL)
        return Error{Code::local_store, "the disk is full: the local store cannot be written"};
    return Error{Code::local_store, std::string{"the local store failed: "} + sqlite3_errstr(code)};
}

Result<void> run(sqlite3* database, const char* sql) {
    if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        return failed(database);
    return success();
}

// The two numbers that SQLite keeps in the first page for programs. Read from the file itself, so
// that a store that this program does not understand is not even opened.
struct FileNumbers {
    std::int32_t schema{0};
    std::int32_t application{0};
};
Result<FileNumbers> numbers_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::array<char, 100> page{};
    if (!in.read(page.data(), page.size())) return damaged("it is shorter than its first page");
    const auto number = [&](std::size_t at) {
        std::uint32_t out{0};
        for (std::size_t i = 0; i < 4; ++i)
            out = out << 8 | static_cast<std::uint8_t>(page[at + i]);
        return static_cast<std::int32_t>(out);
    };
    if (std::string_view{page.data(), 15} != "SQLite format 3") return damaged("it is no store");
    return FileNumbers{.schema = number(60), .application = number(68)};
}

Result<Database> open_file(const std::filesystem::path& file) {
    sqlite3* raw = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
    Database database{raw};
    if (opened != SQLITE_OK)
        return Error{Code::local_store, "the local store " + file.string() + " cannot be opened"};
    WARDLINE_TRY(
        run(database.get(),
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA secure_delete=ON;"
            "PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;")
    );
    return database;
}

SymmetricKey sealing_key(
    const StoreKey& key, const std::array<std::uint8_t, 16>& salt, PasswordCost cost
) {
    if (key.kind() == StoreKey::Kind::password) {
        return crypto::password_key(key.secret().reveal(), salt, cost.passes, cost.memory_kib);
    }
    return crypto::derive(key.secret().reveal(), "wardline store key file", salt);
}

}  // namespace

struct Store::Impl {
    Database database;
    crypto::Random* random{nullptr};
    SymmetricKey names;   // For the HMACs of spaces and keys.
    SymmetricKey values;  // For what is sealed.
    Statement get, put, erase, erase_all, from, below, count;
    int depth{0};
    bool given_up{false};

    void use(const SymmetricKey& store_key, crypto::Random& source) {
        random = &source;
        names = crypto::derive(store_key.reveal(), "wardline store names", {});
        values = crypto::derive(store_key.reveal(), "wardline store values", {});
    }

    Result<Statement> prepare(const char* sql) const {
        sqlite3_stmt* raw = nullptr;
        if (sqlite3_prepare_v3(database.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr) !=
            SQLITE_OK) {
            return failed(database.get());
        }
        return Statement{raw};
    }
    Result<void> prepare_all() {
        WARDLINE_TRY(
            get, prepare("SELECT ordinal, sealed FROM record WHERE space = ?1 AND key = ?2")
        );
        WARDLINE_TRY(
            put,
            prepare("INSERT OR REPLACE INTO record (space, key, ordinal, sealed) VALUES (?1, ?2, "
                    "?3, ?4)")
        );
        WARDLINE_TRY(erase, prepare("DELETE FROM record WHERE space = ?1 AND key = ?2"));
        WARDLINE_TRY(erase_all, prepare("DELETE FROM record WHERE space = ?1"));
        constexpr auto* kFrom =
            "SELECT ordinal, sealed, key FROM record WHERE space = ?1 AND ordinal >= ?2 ORDER BY "
            "ordinal, key LIMIT ?3";
        constexpr auto* kBelow =
            "SELECT ordinal, sealed, key FROM record WHERE space = ?1 AND ordinal < ?2 ORDER BY "
            "ordinal DESC, key LIMIT ?3";
        WARDLINE_TRY(from, prepare(kFrom));
        WARDLINE_TRY(below, prepare(kBelow));
        WARDLINE_TRY(count, prepare("SELECT count(*) FROM record WHERE space = ?1"));
        return success();
    }

    Bytes space_name(Space space) const {
        const Hash full =
            crypto::hmac(names.reveal(), concat({as_bytes("space "), as_bytes(space.name)}));
        return Bytes{full.view().begin(), full.view().begin() + kSpaceBytes};
    }
    Bytes key_name(Space space, BytesView key) const {
        const Bytes place = space_name(space);
        return crypto::hmac(names.reveal(), concat({as_bytes("key "), place, key})).bytes();
    }

    static Bytes place_of(BytesView space, BytesView key, std::uint64_t ordinal) {
        Bytes out = concat({space, key});
        append_u64(out, ordinal);
        return out;
    }
    Bytes seal(
        BytesView space, BytesView name, std::uint64_t ordinal, BytesView key, BytesView value
    ) const {
        crypto::GcmNonce nonce{};
        random->fill(nonce);
        Bytes plain;
        append_u64(plain, key.size());
        append(plain, key);
        append(plain, value);
        Bytes out{nonce.begin(), nonce.end()};
        append(out, crypto::aead_seal(values, nonce, place_of(space, name, ordinal), plain));
        wipe(plain);
        return out;
    }
    Result<Record> unseal(BytesView space, BytesView name, std::uint64_t ordinal, BytesView sealed)
        const {
        if (sealed.size() < crypto::kGcmNonceBytes) return damaged("a record is too short");
        crypto::GcmNonce nonce{};
        std::copy_n(sealed.begin(), nonce.size(), nonce.begin());
        auto plain = crypto::aead_open(
            values, nonce, place_of(space, name, ordinal), sealed.subspan(nonce.size())
        );
        if (!plain || plain.value().size() < 8) return damaged("a record does not open");
        const Bytes& bytes = plain.value();
        std::uint64_t key_bytes{0};
        for (std::size_t i = 0; i < 8; ++i) key_bytes = key_bytes << 8 | bytes[i];
        if (key_bytes > bytes.size() - 8) return damaged("a record has no form");
        const BytesView rest = BytesView{bytes}.subspan(8);
        Record out;
        out.ordinal = ordinal;
        out.key = Bytes{rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(key_bytes)};
        out.value = SecretBytes{rest.subspan(key_bytes)};
        wipe(plain.value());
        return out;
    }

    static void bind(sqlite3_stmt* statement, int at, BytesView bytes) {
        sqlite3_bind_blob64(statement, at, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
    }
    static BytesView column(sqlite3_stmt* statement, int at) {
        const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, at));
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement, at))};
    }
    static std::uint64_t number(sqlite3_stmt* statement, int at) {
        return static_cast<std::uint64_t>(sqlite3_column_int64(statement, at));
    }
    // A statement that is reset when its use ends, so that no lock or binding outlives it.
    struct Use {
        explicit Use(const Statement& prepared) : statement{prepared.get()} {}
        ~Use() {
            sqlite3_reset(statement);
            sqlite3_clear_bindings(statement);
        }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
        sqlite3_stmt* statement;
    };
    Result<void> finish(sqlite3_stmt* statement) const {
        if (sqlite3_step(statement) != SQLITE_DONE) return failed(database.get());
        return success();
    }

    Result<std::vector<Record>> list(
        const Statement& prepared, Space space, std::uint64_t bound, std::size_t limit
    ) const {
        const Use use{prepared};
        const Bytes place = space_name(space);
        bind(use.statement, 1, place);
        sqlite3_bind_int64(
            use.statement, 2, static_cast<std::int64_t>(std::min<std::uint64_t>(bound, INT64_MAX))
        );
        sqlite3_bind_int64(
            use.statement, 3, static_cast<std::int64_t>(std::min<std::size_t>(limit, INT64_MAX))
        );
        std::vector<Record> out;
        while (true) {
            const int step = sqlite3_step(use.statement);
            if (step == SQLITE_DONE) return out;
            if (step != SQLITE_ROW) return failed(database.get());
            const std::uint64_t ordinal = number(use.statement, 0);
            const BytesView sealed = column(use.statement, 1);
            WARDLINE_TRY(auto record, unseal(place, column(use.statement, 2), ordinal, sealed));
            out.push_back(std::move(record));
        }
    }
};

namespace {

// The parameters of the seal: how the store key is sealed, and the store key, sealed.
Bytes sealed_parameters(
    const StoreKey& key, const SymmetricKey& store_key, crypto::Random& random, PasswordCost cost
) {
    std::array<std::uint8_t, 16> salt{};
    random.fill(salt);
    crypto::GcmNonce nonce{};
    random.fill(nonce);
    const bool password = key.kind() == StoreKey::Kind::password;
    const Bytes sealed = crypto::aead_seal(
        sealing_key(key, salt, cost), nonce, as_bytes("wardline store"), store_key.reveal()
    );
    const cbor::Json map{
        {"v", 1},
        {"by", password ? "password" : "key-file"},
        {"salt", cbor::binary(salt)},
        {"passes", cost.passes},
        {"memory", cost.memory_kib},
        {"nonce", cbor::binary(nonce)},
        {"sealed", cbor::binary(sealed)}
    };
    return cbor::encode(map);
}

Result<SymmetricKey> unseal_parameters(const StoreKey& key, BytesView parameters) {
    WARDLINE_TRY(const auto map, cbor::decode(parameters));
    WARDLINE_TRY(auto reader, cbor::MapReader::over(map));
    WARDLINE_TRY(const auto by, reader.text("by", 16));
    WARDLINE_TRY(const auto raw_salt, reader.bytes("salt", 16));
    WARDLINE_TRY(const auto passes, reader.uint("passes", kPassesMax));
    WARDLINE_TRY(const auto memory, reader.uint("memory", kMemoryKibMax));
    WARDLINE_TRY(const auto raw_nonce, reader.bytes("nonce", crypto::kGcmNonceBytes));
    WARDLINE_TRY(const auto sealed, reader.bytes("sealed", 64));
    if (raw_salt.size() != 16 || raw_nonce.size() != crypto::kGcmNonceBytes)
        return damaged("its seal has no form");
    const bool password = key.kind() == StoreKey::Kind::password;
    if (password != (by == "password")) {
        return Error{
            Code::local_store,
            password ? "this store opens with its key file, not with a password"
                     : "this store opens with its password, not with a key file"
        };
    }
    std::array<std::uint8_t, 16> salt{};
    std::copy(raw_salt.begin(), raw_salt.end(), salt.begin());
    crypto::GcmNonce nonce{};
    std::copy(raw_nonce.begin(), raw_nonce.end(), nonce.begin());
    const PasswordCost cost{
        .passes = static_cast<std::uint32_t>(passes),
        .memory_kib = static_cast<std::uint32_t>(memory)
    };
    auto opened =
        crypto::aead_open(sealing_key(key, salt, cost), nonce, as_bytes("wardline store"), sealed);
    if (!opened)
        return Error{
            Code::local_store,
            password ? "the password is wrong" : "the key file is not the one of this store"
        };
    auto out = SymmetricKey::from(opened.value());
    wipe(opened.value());
    return out;
}

}  // namespace

Store::Store(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::create(
    const std::filesystem::path& file,
    const StoreKey& key,
    crypto::Random& random,
    PasswordCost cost
) {
    WARDLINE_TRY(create_private_file(file, {}));
    auto impl = std::make_unique<Impl>();
    WARDLINE_TRY(impl->database, open_file(file));
    const auto store_key = crypto::random_secret<SymmetricKey>(random);
    const Bytes parameters = sealed_parameters(key, store_key, random, cost);
    sqlite3* raw = impl->database.get();
    WARDLINE_TRY(run(raw, "BEGIN IMMEDIATE"));
    WARDLINE_TRY(run(raw, ("PRAGMA application_id=" + std::to_string(kApplication)).c_str()));
    WARDLINE_TRY(run(raw, ("PRAGMA user_version=" + std::to_string(kSchema)).c_str()));
    WARDLINE_TRY(run(raw, std::string{kCreate}.c_str()));
    WARDLINE_TRY(auto insert, impl->prepare("INSERT INTO seal (one, parameters) VALUES (1, ?1)"));
    Impl::bind(insert.get(), 1, parameters);
    WARDLINE_TRY(impl->finish(insert.get()));
    insert.reset();
    WARDLINE_TRY(run(raw, "COMMIT"));
    // The numbers must stand in the file itself, where numbers_of() looks for them.
    WARDLINE_TRY(run(raw, "PRAGMA wal_checkpoint(TRUNCATE)"));
    impl->use(store_key, random);
    WARDLINE_TRY(impl->prepare_all());
    return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

Result<std::unique_ptr<Store>> Store::open(
    const std::filesystem::path& file, const StoreKey& key, crypto::Random& random
) {
    WARDLINE_TRY(require_private_file(file));
    WARDLINE_TRY(const auto numbers, numbers_of(file));
    if (numbers.application != kApplication) return damaged("it is no store of Wardline");
    if (numbers.schema > kSchema) {
        return Error{
            Code::local_store,
            "the local store was written by a newer version of Wardline; nothing was touched"
        };
    }
    auto impl = std::make_unique<Impl>();
    WARDLINE_TRY(impl->database, open_file(file));
    SymmetricKey store_key;
    {
        WARDLINE_TRY(const auto select, impl->prepare("SELECT parameters FROM seal WHERE one = 1"));
        if (sqlite3_step(select.get()) != SQLITE_ROW) return damaged("it has no seal");
        auto unsealed = unseal_parameters(key, Impl::column(select.get(), 0));
        if (!unsealed && unsealed.error().code != Code::local_store)
            return damaged("its seal has no form");
        WARDLINE_TRY(store_key, std::move(unsealed));
    }
    impl->use(store_key, random);
    WARDLINE_TRY(impl->prepare_all());
    return std::unique_ptr<Store>{new Store{std::move(impl)}};
}

Result<std::optional<SecretBytes>> Store::get(Space space, BytesView key) {
    const Impl::Use use{impl_->get};
    const Bytes place = impl_->space_name(space);
    const Bytes name = impl_->key_name(space, key);
    Impl::bind(use.statement, 1, place);
    Impl::bind(use.statement, 2, name);
    const int step = sqlite3_step(use.statement);
    if (step == SQLITE_DONE) return std::optional<SecretBytes>{};
    if (step != SQLITE_ROW) return failed(impl_->database.get());
    WARDLINE_TRY(
        auto record,
        impl_->unseal(place, name, Impl::number(use.statement, 0), Impl::column(use.statement, 1))
    );
    return std::optional<SecretBytes>{std::move(record.value)};
}

Result<void> Store::put(Space space, BytesView key, BytesView value, std::uint64_t ordinal) {
    const Impl::Use use{impl_->put};
    const Bytes place = impl_->space_name(space);
    const Bytes name = impl_->key_name(space, key);
    const Bytes sealed = impl_->seal(place, name, ordinal, key, value);
    Impl::bind(use.statement, 1, place);
    Impl::bind(use.statement, 2, name);
    sqlite3_bind_int64(use.statement, 3, static_cast<std::int64_t>(ordinal));
    Impl::bind(use.statement, 4, sealed);
    return impl_->finish(use.statement);
}

Result<void> Store::erase(Space space, BytesView key) {
    const Impl::Use use{impl_->erase};
    Impl::bind(use.statement, 1, impl_->space_name(space));
    Impl::bind(use.statement, 2, impl_->key_name(space, key));
    return impl_->finish(use.statement);
}

Result<void> Store::erase_all(Space space) {
    const Impl::Use use{impl_->erase_all};
    Impl::bind(use.statement, 1, impl_->space_name(space));
    return impl_->finish(use.statement);
}

Result<std::vector<Record>> Store::from(Space space, std::uint64_t first, std::size_t limit) {
    return impl_->list(impl_->from, space, first, limit);
}

Result<std::vector<Record>> Store::below(Space space, std::uint64_t end, std::size_t limit) {
    return impl_->list(impl_->below, space, end, limit);
}

Result<std::uint64_t> Store::count(Space space) {
    const Impl::Use use{impl_->count};
    Impl::bind(use.statement, 1, impl_->space_name(space));
    if (sqlite3_step(use.statement) != SQLITE_ROW) return failed(impl_->database.get());
    return Impl::number(use.statement, 0);
}

StoreTransaction::StoreTransaction(Store& store) : store_{store} {
    Store::Impl& impl = *store_.impl_;
    if (impl.depth++ > 0) return;
    impl.given_up = !run(impl.database.get(), "BEGIN IMMEDIATE").has_value();
}

StoreTransaction::~StoreTransaction() {
    if (ended_) return;
    Store::Impl& impl = *store_.impl_;
    impl.given_up = true;
    if (--impl.depth == 0) (void)run(impl.database.get(), "ROLLBACK");
}

Result<void> StoreTransaction::commit() {
    Store::Impl& impl = *store_.impl_;
    ended_ = true;
    if (--impl.depth > 0) return success();
    if (!impl.given_up) {
        auto committed = run(impl.database.get(), "COMMIT");
        if (committed) return committed;
        (void)run(impl.database.get(), "ROLLBACK");
        return committed;
    }
    (void)run(impl.database.get(), "ROLLBACK");
    return Error{Code::local_store, "the local store could not be written; nothing was changed"};
}

}  // namespace wardline::client
