#include "audit/jsonl.hpp"

#include <utility>

namespace wardline::audit {

// Lines are parsed where they lie: behind each there are always kPadding readable bytes.
struct JsonlVerifier::State {
    explicit State(std::vector<Witness> given) : witnessed{std::move(given)} {}

    std::vector<Witness> witnessed;
    JsonlReader reader;
    std::optional<ExportHeader> header;
    std::optional<TrailVerifier> verifier;
    std::optional<Finding> no_header;
    std::string pending;   // The start of a line whose end has not come yet.
    bool too_long{false};  // The rest of the pending line is dropped.
    std::uint64_t lines{0};

    std::string name_line() const { return "Line " + std::to_string(lines); }

    void take_first(Result<ExportLine> line) {
        const auto refuse = [this](const std::string& why) {
            no_header = Finding{
                0, 0, name_line() + " " + why + ": this is no audit export, or it lacks its start."
            };
        };
        if (!line) return refuse(line.error().detail);
        auto* const first = std::get_if<ExportHeader>(&line.value());
        if (first == nullptr) return refuse("does not say what the file is");
        header = *first;
        verifier.emplace(std::move(*first), std::exchange(witnessed, {}));
    }

    void take(Result<ExportLine> line) {
        ++lines;
        if (no_header) return;
        if (!verifier) return take_first(std::move(line));
        if (!line) {
            verifier->unreadable(name_line(), line.error().detail);
        } else if (const auto* entry = std::get_if<TrailEntry>(&line.value())) {
            verifier->entry(*entry);
        } else if (const auto* head = std::get_if<SignedHead>(&line.value())) {
            verifier->head(*head);
        } else {
            verifier->unreadable(name_line(), "begins a second export");
        }
    }

    void take_pending() {
        auto line = too_long ? Result<ExportLine>{Error{Code::bad_frame, "is too long"}}
                             : reader.read(pending);
        pending.clear();
        too_long = false;
        take(std::move(line));
    }

    void keep(std::string_view part) {
        if (pending.size() + part.size() > kExportLineMax) too_long = true;
        if (!too_long) pending += part;
    }
};

JsonlVerifier::JsonlVerifier(std::vector<Witness> witnessed)
    : state_{std::make_unique<State>(std::move(witnessed))} {}
JsonlVerifier::JsonlVerifier(JsonlVerifier&&) noexcept = default;
JsonlVerifier& JsonlVerifier::operator=(JsonlVerifier&&) noexcept = default;
JsonlVerifier::~JsonlVerifier() = default;

void JsonlVerifier::feed(std::string_view piece) {
    auto& state = *state_;
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        if (end == std::string_view::npos) return state.keep(piece);
        const auto line = piece.substr(0, end);
        const bool padded = piece.size() - end >= JsonlReader::kPadding;
        if (padded && state.pending.empty() && !state.too_long) {
            state.take(state.reader.read_padded(line));
        } else {
            state.keep(line);
            state.take_pending();
        }
        piece.remove_prefix(end + 1);
    }
}

std::uint64_t JsonlVerifier::entries() const noexcept {
    return state_->verifier ? state_->verifier->entries() : 0;
}

const std::optional<ExportHeader>& JsonlVerifier::header() const noexcept {
    return state_->header;
}

VerifyReport JsonlVerifier::finish() {
    auto& state = *state_;
    if (!state.pending.empty() || state.too_long) state.take_pending();
    if (state.verifier) return state.verifier->finish();
    VerifyReport report;
    report.findings.push_back(
        state.no_header.value_or(Finding{0, 0, "The file is empty: it is no audit export."})
    );
    return report;
}

}  // namespace wardline::audit
