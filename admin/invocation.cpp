#include "admin/invocation.hpp"

#include <CLI/CLI.hpp>

namespace wardline::admin {

Result<Parsed> parse(const std::vector<std::string>& arguments) {
    Parsed parsed;
    auto& invocation = parsed.invocation;
    CLI::App app{"wardline-admin: found a clinic and govern it", "wardline-admin"};
    terminal::add_common_options(app, invocation.common);
    app.footer(
        "Examples:\n"
        "  wardline-admin init --server clinic.example:8443 --token ABC.def --clinic \"Praxis "
        "Nord\" \\\n"
        "      --root-out root.key --vault-out vault.key\n"
        "  wardline-admin staff invite anna --role reception\n"
        "  wardline-admin team create reception --founders anna,ben\n"
        "  wardline-admin COMMAND --help           more about one command"
    );
    for (const auto add : {
             add_init,
             add_staff,
             add_team,
             add_patient,
             add_chain,
             add_proposals,
             add_retention,
             add_status,
             add_audit,
         }) {
        add(app, invocation);
    }
    WARDLINE_TRY(parsed.text, terminal::parse_arguments(app, arguments));
    if (!parsed.text && invocation.common.home.empty()) {
        return Error{Code::usage, "there is no home folder for this user; use --home DIR"};
    }
    return parsed;
}

std::vector<TeamName> team_names(const std::vector<std::string>& texts) {
    std::vector<TeamName> names;
    names.reserve(texts.size());
    for (const auto& text : texts) names.push_back(terminal::value_or_usage(TeamName::parse(text)));
    return names;
}

}  // namespace wardline::admin
