#include "server/handlers/handlers.hpp"

#include <utility>

namespace wardline::server::handlers {
namespace {

constexpr std::size_t kSeqsMax = 64;

struct Asked {
    std::vector<Seq> seqs;
    std::uint64_t size{0};
};

Result<Asked> parse(const cbor::Json& body) {
    WARDLINE_TRY(auto fields, cbor::MapReader::over(body));
    WARDLINE_TRY(const auto* list, fields.array("seqs", kSeqsMax));
    Asked out;
    WARDLINE_TRY(out.size, fields.uint("size", INT64_MAX));
    for (const auto& item : *list) {
        if (!item.is_number_unsigned()) return Error{Code::bad_frame, "a seq is a number"};
        const auto seq = item.get<Seq>();
        if (seq == 0 || seq > out.size) return Error{Code::not_found, "no such seq in that tree"};
        out.seqs.push_back(seq);
    }
    return out;
}

}  // namespace

Task<Bytes> inclusion(Services& services, SharedRequest request) {
    WARDLINE_CO_TRY(auto asked, parse(request->body()));
    if (asked.size > services.journal.seen()) {
        co_return Error{Code::not_found, "the journal is not that long"};
    }
    WARDLINE_CO_TRY(
        const auto proofs, co_await services.reader.inclusion(std::move(asked.seqs), asked.size)
    );
    auto paths = cbor::Json::array();
    for (const auto& proof : proofs) {
        auto path = cbor::Json::array();
        for (const auto& hash : proof) path.push_back(cbor::binary(hash.view()));
        paths.push_back(std::move(path));
    }
    co_return request->frame({{"paths", paths}});
}

}  // namespace wardline::server::handlers
