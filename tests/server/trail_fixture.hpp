#pragma once

#include "audit/verify.hpp"
#include "tests/server/server_fixture.hpp"

// A clinic with an auditor: its trail as a client reads and judges it.
namespace wardline::testing {

class TrailTest : public ServerTest {
protected:
    TrailTest()
        : auditor{clinic.a_staff_device("audra", trust::Role::auditor)},
          manager{clinic.a_staff_device("mara", trust::Role::manager)} {
        store();
    }

    struct Read {
        Json begun;
        std::vector<audit::TrailEntry> entries;
    };
    static audit::TrailEntry entry_of(const Json& item) {
        audit::TrailEntry out;
        out.seq = item["seq"].get<Seq>();
        out.time.ms = item["time"].get<std::uint64_t>();
        out.kind = static_cast<audit::EntryKind>(item["kind"].get<int>());
        out.leaf = Hash::from(item["leaf"].get_binary()).value();
        if (item.contains("salt")) {
            out.salt = audit::Salt::from(item["salt"].get_binary()).value();
            out.details = item["details"].get_binary();
        } else {
            out.erased = Hash::from(item["erased"].get_binary()).value();
        }
        out.address = item.value("address", "");
        return out;
    }
    // To the end, in pages of `limit`.
    Read read(RawClient& from, Json question, std::uint64_t limit = 1'000) {
        Read out;
        if (!question.contains("act")) question["act"] = "list";
        out.begun = from.ask("audit-begin", question);
        if (code_of(out.begun) != "ok") return out;
        Seq after = 0;
        for (bool more = true; more;) {
            const auto page = from.ask("audit", {{"after", after}, {"limit", limit}});
            if (code_of(page) != "ok") throw std::runtime_error{code_of(page)};
            for (const auto& item : page["entries"]) out.entries.push_back(entry_of(item));
            after = page["upto"].get<Seq>();
            more = page["more"].get<bool>();
        }
        return out;
    }
    static audit::SignedHead head_of(const Json& head) {
        return {head["body"].get_binary(), Signature::from(head["sig"].get_binary()).value()};
    }
    // Everything that the server has, as a client with the clinic's audit key judges it.
    audit::VerifyReport verify(RawClient& from) {
        const auto whole = read(from, {{"act", "verify"}});
        audit::ExportHeader header;
        header.clinic = clinic.id;
        header.audit_key = clinic.chain.genesis().audit;
        header.to = whole.begun["to"].get<Seq>();
        const auto kept = from.ask("audit-heads", {{"after", 0}, {"limit", 256}})["heads"];
        audit::TrailVerifier verifier{header};
        std::size_t next = 0;
        for (const auto& entry : whole.entries) {
            verifier.entry(entry);
            for (; next < kept.size(); ++next) {
                const auto head = head_of(kept[next]);
                if (audit::parse_head(head.body).value().size > entry.seq) break;
                verifier.head(head);
            }
        }
        const auto newest = head_of(whole.begun["head"]);
        const bool given = next > 0 && head_of(kept[next - 1]).body == newest.body;
        if (!given) verifier.head(newest);
        return verifier.finish();
    }
    static std::string first_finding(const audit::VerifyReport& report) {
        return report.sound() ? "sound" : report.findings.front().what;
    }

    TestDevice auditor;
    TestDevice manager;
};

}  // namespace wardline::testing
