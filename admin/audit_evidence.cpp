#include "admin/audit.hpp"
#include "admin/invocation.hpp"
#include "admin/witness_file.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <memory>

namespace wardline::admin {
namespace {

using terminal::Style;
using terminal::Text;

struct Checked {
    audit::Witness witness;
    audit::TreeHead head;
};

Result<std::vector<Checked>> check(const std::string& file) {
    WARDLINE_TRY(const auto witnesses, read_witnesses(file));
    std::vector<Checked> out;
    for (const auto& witness : witnesses) {
        auto head = audit::verify_head(witness.head, witness.audit_key, witness.clinic);
        if (!head) {
            return Error{
                Code::bad_signature,
                "a head in " + file + " is not signed by the key beside it: it proves nothing"
            };
        }
        out.push_back({witness, head.value()});
    }
    return out;
}

// The first two that one journal cannot both have had.
std::optional<std::pair<std::size_t, std::size_t>> fork_of(const std::vector<Checked>& heads) {
    for (std::size_t i = 0; i < heads.size(); ++i) {
        for (std::size_t k = i + 1; k < heads.size(); ++k) {
            const bool same = heads[i].witness.clinic == heads[k].witness.clinic &&
                              heads[i].witness.audit_key == heads[k].witness.audit_key &&
                              heads[i].head.incarnation == heads[k].head.incarnation &&
                              heads[i].head.size == heads[k].head.size;
            if (same && heads[i].head.root != heads[k].head.root) return std::pair{i, k};
        }
    }
    return std::nullopt;
}

Result<void> evidence(terminal::Console& console, const std::string& file) {
    WARDLINE_TRY(const auto heads, check(file));
    const auto fork = fork_of(heads);
    auto shapes = terminal::Json::array();
    for (const auto& [witness, head] : heads) {
        shapes.push_back(
            {{"clinic", witness.clinic.hex()},
             {"audit_key", witness.audit_key.hex()},
             {"size", head.size},
             {"root", head.root.hex()},
             {"time", terminal::rfc3339(head.time)}}
        );
        console.say(fmt::format(
            "{:>8} entries  root {}  signed {}",
            head.size,
            head.root.hex(),
            console.times().minute(head.time)
        ));
    }
    console.result({{"heads", std::move(shapes)}, {"fork", fork.has_value()}});
    console.say("Every signature is good, by audit key " + heads.front().witness.audit_key.hex());
    if (fork) {
        console.say(Text{
            "Two of them have one size and different roots: whoever holds that key has signed two "
            "histories. This needs no further proof.",
            Style::bad
        });
    } else if (heads.size() > 1) {
        console.say(
            "Their sizes differ. One may continue the other; the server has to prove it, and "
            "\"audit verify TRAIL --head " +
            file + "\" shows which of them an exported trail meets."
        );
    }
    return success();
}

}  // namespace

void add_audit_evidence(CLI::App& audit, Invocation& invocation) {
    auto* command = terminal::add_command(
        audit,
        "evidence",
        "What a file of signed heads proves: one that a client kept with an alarm, or a witness's",
        "  wardline-admin audit evidence evidence-120-118.jsonl"
    );
    auto file = std::make_shared<std::string>();
    command->add_option("file", *file, "Heads, one a line")->type_name("FILE")->required();
    command->callback([file, &invocation] {
        invocation.offline = [file](terminal::Console& console) {
            return evidence(console, *file);
        };
    });
}

}  // namespace wardline::admin
