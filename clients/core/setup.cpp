#include "clients/core/setup.hpp"

#include "clients/core/session.hpp"
#include "protocol/base/cbor.hpp"
#include "protocol/base/encoding.hpp"
#include "protocol/trust/statement.hpp"

namespace wardline::client {
namespace {

struct Founding {
    ClinicId clinic;
    SigningSecret root;
    BoxSecret vault;
    std::vector<trust::Statement> statements;
};

struct ServerKeys {
    SigningKey audit;
    Hash tls;
};

Result<Endpoint> pinned_server(const SetupOptions& options) {
    WARDLINE_TRY(auto server, parse_endpoint(options.server));
    const auto dot = options.token.find('.');
    const Error wrong{
        Code::usage, "that is no setup token: copy the whole line that wardlined printed"
    };
    if (dot == std::string::npos) return wrong;
    const auto pin = from_base64url(std::string_view{options.token}.substr(dot + 1));
    if (!pin) return wrong;
    const auto hash = Hash::from(pin.value());
    if (!hash) return wrong;
    server.pin = hash.value();
    return server;
}

Result<ServerKeys> ask_keys(
    const Environment& environment,
    const Endpoint& server,
    const SetupOptions& options,
    Milliseconds limit
) {
    WARDLINE_TRY(
        const auto answer,
        environment.connector.post(server, "/v1/setup/info", Json{{"token", options.token}}, limit)
    );
    WARDLINE_TRY(auto reader, cbor::MapReader::over(answer));
    ServerKeys out;
    WARDLINE_TRY(out.audit, reader.fixed<SigningKey>("audit"));
    WARDLINE_TRY(out.tls, reader.fixed<Hash>("tls"));
    if (out.tls != *server.pin)
        return Error{Code::trust_alarm, "the server names another TLS key than it has"};
    return out;
}

Result<trust::RetentionDays> retention_of(const SetupOptions& options) {
    trust::RetentionDays out{};
    auto days = default_retention_days();
    for (const auto& [name, count] : options.retention_days) {
        if (!trust::parse_class(name))
            return Error{Code::usage, "there is no message class " + name};
        days[name] = count;
    }
    for (const auto& [name, count] : days) {
        if (count < 1 || count > trust::kRetentionDaysMax)
            return Error{Code::usage, "a retention period is 1 to 36500 days"};
        out[static_cast<std::size_t>(trust::parse_class(name).value())] = count;
    }
    return out;
}

Result<void> sign_founding(
    Founding& founding,
    const SetupOptions& options,
    const ServerKeys& keys,
    const DeviceIdentity& administrator,
    Instant now
) {
    WARDLINE_TRY(const auto retention, retention_of(options));
    const auto root = crypto::signing_key_of(founding.root);
    trust::StatementFields fields{
        .clinic = founding.clinic,
        .chain = trust::ChainName::clinic(),
        .pos = 0,
        .prev = {},
        .head = {},
        .time = now,
        .by = {},
        .data =
            trust::Genesis{
                .name = options.clinic_name,
                .root = root,
                .vault = crypto::box_key_of(founding.vault),
                .audit = keys.audit,
                .tls = keys.tls,
                .retention = retention
            }
    };
    WARDLINE_TRY(const auto genesis, trust::sign_statement(founding.root, fields));
    const auto device = administrator.keys();
    fields.pos = 1;
    fields.prev = genesis.hash();
    fields.data = trust::Grant{
        .account = Account::staff(options.administrator),
        .role = trust::Role::admin,
        .device = device,
        .pop = trust::prove_possession(
            administrator.signing, founding.clinic, root, device.identity, device.box
        ),
        .invite = {}
    };
    WARDLINE_TRY(const auto grant, trust::sign_statement(founding.root, fields));
    founding.statements = {genesis, grant};
    return success();
}

Result<void> write_keys(
    const Founding& founding,
    const SetupOptions& options,
    const SetupKeys& keys,
    crypto::Random& random
) {
    const auto half = [](BytesView bytes) {
        return FixedBytes<struct PublicHalfTag, 32>::from(bytes);
    };
    WARDLINE_TRY(const auto root_half, half(crypto::signing_key_of(founding.root).view()));
    WARDLINE_TRY(const auto root_secret, SymmetricKey::from(founding.root.reveal()));
    const SealedKey root{
        .kind = SealedKeyKind::root,
        .clinic = founding.clinic,
        .public_half = root_half,
        .secret = root_secret
    };
    WARDLINE_TRY(write_sealed_key(options.root_file, root, keys.root, random));
    WARDLINE_TRY(const auto vault_half, half(crypto::box_key_of(founding.vault).view()));
    WARDLINE_TRY(const auto vault_secret, SymmetricKey::from(founding.vault.reveal()));
    const SealedKey vault{
        .kind = SealedKeyKind::vault,
        .clinic = founding.clinic,
        .public_half = vault_half,
        .secret = vault_secret
    };
    auto written = write_sealed_key(options.vault_file, vault, keys.vault, random);
    if (!written) {
        std::error_code ignored;
        std::filesystem::remove(options.root_file, ignored);
    }
    return written;
}

// The clinic, once; where an answer was lost, `clinic_exists` may mean ours, which the login then
// shows.
Result<void> found(
    const Environment& environment,
    const Endpoint& server,
    const SetupOptions& options,
    const Founding& founding,
    Milliseconds limit
) {
    const Json body{
        {"token", options.token},
        {"statements", {founding.statements[0].to_json(), founding.statements[1].to_json()}}
    };
    auto answer = environment.connector.post(server, "/v1/setup", body, limit);
    if (!answer && answer.error().code == Code::unreachable) {
        answer = environment.connector.post(server, "/v1/setup", body, limit);
        if (!answer && answer.error().code == Code::clinic_exists) return success();
    }
    if (!answer) return answer.error();
    return success();
}

struct Files {
    std::vector<std::filesystem::path> paths;
    bool keep{false};
    ~Files() {
        if (keep) return;
        std::error_code ignored;
        for (const auto& path : paths) std::filesystem::remove(path, ignored);
    }
};

}  // namespace

const std::map<std::string, std::uint32_t>& default_retention_days() {
    static const std::map<std::string, std::uint32_t> days{
        {"appointment", 365},
        {"clinical", 3'650},
        {"photo", 3'650},
        {"admin", 365},
        {"marketing", 90},
        {"internal", 3'650}
    };
    return days;
}

Result<std::unique_ptr<Client>> setup_clinic(
    const SetupOptions& options,
    const SetupKeys& keys,
    const Environment& environment,
    const ClientOptions& client_options
) {
    if (Client::is_enrolled(options.home)) {
        return Error{
            Code::local_store,
            "the folder " + options.home.string() + " belongs to a device already"
        };
    }
    for (const auto& file : {options.root_file, options.vault_file}) {
        if (std::filesystem::exists(file))
            return Error{Code::local_store, "the file " + file.string() + " exists already"};
    }
    WARDLINE_TRY(const auto server, pinned_server(options));
    WARDLINE_TRY(
        const auto server_keys, ask_keys(environment, server, options, client_options.call_limit)
    );
    Founding founding{
        .clinic = crypto::random_fixed<ClinicId>(environment.random),
        .root = crypto::random_secret<SigningSecret>(environment.random),
        .vault = crypto::random_secret<BoxSecret>(environment.random),
        .statements = {}
    };
    WARDLINE_TRY(
        auto self,
        make_device_identity(
            founding.clinic, Account::staff(options.administrator), server, {}, environment.random
        )
    );
    WARDLINE_TRY(sign_founding(founding, options, server_keys, self, environment.clock.now()));
    self.anchor.statement = founding.statements[1].hash();
    self.anchor.genesis = founding.statements[0].hash();
    self.anchor.audit = server_keys.audit;
    WARDLINE_TRY(auto home, Home::open(options.home, Home::Make::yes));
    Files files{.paths = {home.store_file(), home.store_file().string() + "-wal"}};
    WARDLINE_TRY(auto store, Store::create(home.store_file(), keys.home, environment.random));
    WARDLINE_TRY(save(*store, self));
    WARDLINE_TRY(write_keys(founding, options, keys, environment.random));
    files.paths.push_back(options.root_file);
    files.paths.push_back(options.vault_file);
    WARDLINE_TRY(
        auto session, Session::make(std::move(home), std::move(store), environment, client_options)
    );
    auto founded = found(environment, server, options, founding, client_options.call_limit);
    if (!founded) {
        // With both answers lost the clinic may stand: then nothing of what it hangs on is thrown
        // away.
        files.keep = founded.error().code == Code::unreachable;
        return founded.error();
    }
    files.keep = true;
    WARDLINE_TRY(session->tree.load(founding.clinic, server_keys.audit));
    WARDLINE_TRY(session->connect());
    return make_client(std::move(session));
}

}  // namespace wardline::client
