#include "storage/prekeys.hpp"

#include "storage/database.hpp"
#include "storage/pg/pool.hpp"
#include "storage/queries.hpp"

#include <unordered_map>

namespace wardline::storage {
namespace {

using pg::Params;
using pg::Query;

constexpr Query kPutSigned{"put_signed", R"sql(
    insert into signed_prekeys (clinic, device, registration, id, key, sig)
    values ($1::int, $2::bytea, $3::int8, $4::int8, $5::bytea, $6::bytea)
    on conflict (clinic, device) do update set
        registration = excluded.registration, id = excluded.id, key = excluded.key,
        sig = excluded.sig
)sql"};
constexpr Query kPutOneTime{"put_one_time", R"sql(
    insert into one_time_prekeys (clinic, device, id, key)
    select $1::int, $2::bytea, n.id, n.key from unnest($3::int8[], $4::bytea[]) as n (id, key)
    on conflict (clinic, device, id) do nothing
)sql"};
constexpr Query kCounts{"prekey_counts", R"sql(
    select
        (select count(*) from one_time_prekeys where clinic = $1::int and device = $2::bytea),
        coalesce((select id from signed_prekeys where clinic = $1::int and device = $2::bytea), 0)
)sql"};
constexpr Query kSigned{"signed_of", R"sql(
    select found.* from unnest($2::bytea[]) as asked (device) cross join lateral (
        select s.device, s.registration, s.id, s.key, s.sig from signed_prekeys s
        where s.clinic = $1::int and s.device = asked.device limit 1
    ) found
)sql"};
// Two nodes that ask at once get two keys: the second skips the row that the first has locked.
constexpr Query kTakeOneTime{"take_one_time", R"sql(
    delete from one_time_prekeys o using (
        select one.device, one.id from unnest($2::bytea[]) as wanted (device) cross join lateral (
            select k.device, k.id from one_time_prekeys k
            where k.clinic = $1::int and k.device = wanted.device
            order by k.id limit 1 for update skip locked
        ) one
    ) taken
    where o.clinic = $1::int and o.device = taken.device and o.id = taken.id
    returning o.device, o.id, o.key
)sql"};
constexpr Query kForgetSigned{
    "forget_signed", "delete from signed_prekeys where clinic = $1::int and device = $2::bytea"
};
constexpr Query kForgetOneTime{
    "forget_one_time", "delete from one_time_prekeys where clinic = $1::int and device = $2::bytea"
};

std::uint32_t small(std::uint64_t number) {
    return static_cast<std::uint32_t>(number);
}

}  // namespace

std::vector<pg::Query> prekey_queries() {
    return {kPutSigned, kPutOneTime, kCounts, kSigned, kTakeOneTime, kForgetSigned, kForgetOneTime};
}

Task<PrekeyCounts> Prekeys::counts(DeviceId device) {
    auto params = Params{}.int4(database_.clinic()).bytea(device.view());
    WARDLINE_CO_TRY(const auto rows, co_await database_.main().run(kCounts, std::move(params)));
    co_return PrekeyCounts{small(rows.number(0, 0)), small(rows.number(0, 1))};
}

Task<std::uint32_t> Prekeys::put(
    DeviceId device,
    std::uint32_t registration,
    std::optional<SignedPrekey> signed_prekey,
    std::vector<OneTimePrekey> one_time
) {
    WARDLINE_CO_TRY(const auto before, co_await counts(device));
    if (before.one_time + one_time.size() > kOneTimeMax) {
        co_return Error{Code::too_large, "a device keeps at most 200 one-time prekeys"};
    }
    const auto clinic = database_.clinic();
    std::vector<pg::Statement> work;
    if (signed_prekey) {
        Params params;
        params.int4(clinic).bytea(device.view()).int8(registration).int8(signed_prekey->id);
        params.bytea(signed_prekey->key).bytea(signed_prekey->sig);
        work.push_back({&kPutSigned, std::move(params)});
    }
    if (!one_time.empty()) {
        Params params;
        params.int4(clinic).bytea(device.view()).int8s(one_time.size());
        for (const auto& key : one_time) params.add_int8(key.id);
        params.byteas(one_time.size());
        for (const auto& key : one_time) params.add_bytes(key.key);
        work.push_back({&kPutOneTime, std::move(params)});
    }
    work.push_back({&kCounts, Params{}.int4(clinic).bytea(device.view())});
    WARDLINE_CO_TRY(const auto answers, co_await database_.main().run(std::move(work)));
    co_return small(answers.back().number(0, 0));
}

Task<std::vector<PrekeyBundle>> Prekeys::take(std::vector<DeviceId> devices) {
    std::vector<pg::Statement> work;
    for (const auto* query : {&kSigned, &kTakeOneTime}) {
        work.push_back({query, Params{}.int4(database_.clinic()).fixed_array(devices)});
    }
    WARDLINE_CO_TRY(const auto answers, co_await database_.main().run(std::move(work)));
    std::unordered_map<DeviceId, OneTimePrekey> taken;
    for (int row = 0; row < answers[1].size(); ++row) {
        taken.insert_or_assign(
            answers[1].fixed<DeviceId>(row, 0),
            OneTimePrekey{small(answers[1].number(row, 1)), answers[1].copy(row, 2)}
        );
    }
    std::vector<PrekeyBundle> bundles;
    for (int row = 0; row < answers[0].size(); ++row) {
        auto& bundle = bundles.emplace_back();
        bundle.device = answers[0].fixed<DeviceId>(row, 0);
        bundle.registration = small(answers[0].number(row, 1));
        bundle.signed_prekey = {
            small(answers[0].number(row, 2)), answers[0].copy(row, 3), answers[0].copy(row, 4)
        };
        if (auto found = taken.find(bundle.device); found != taken.end()) {
            bundle.one_time = std::move(found->second);
        }
    }
    co_return std::move(bundles);
}

Task<void> Prekeys::forget(DeviceId device) {
    std::vector<pg::Statement> work;
    for (const auto* query : {&kForgetSigned, &kForgetOneTime}) {
        work.push_back({query, Params{}.int4(database_.clinic()).bytea(device.view())});
    }
    WARDLINE_CO_TRY(co_await database_.main().run(std::move(work)));
    co_return success();
}

}  // namespace wardline::storage
