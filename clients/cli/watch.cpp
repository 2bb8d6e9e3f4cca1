#include "clients/cli/watch.hpp"

#include "clients/cli/home_holder.hpp"
#include "clients/cli/show.hpp"
#include "clients/terminal/shapes.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>

namespace wardline::cli {

namespace {

constexpr std::size_t kCatchUpMax = 200;

class Watch final : public StayingCommand {
public:
    Watch(client::Client& client, terminal::Console& console, const WatchArguments& arguments)
        : client_{client},
          console_{console},
          show_{console, !client.is_patient()},
          open_all_{arguments.open_all},
          wanted_{arguments.open.begin(), arguments.open.end()} {}

    Result<void> open_wanted() {
        if (client_.is_patient()) return success();
        if (open_all_) {
            WARDLINE_TRY(const auto threads, client_.inbox());
            for (const auto& thread : threads) wanted_.insert(thread.patient_id);
        }
        for (const auto& patient : wanted_) {
            if (opened_.contains(patient)) continue;
            WARDLINE_TRY(client_.open_thread(patient));
            opened_.insert(patient);
        }
        return success();
    }

    void on_ready() override {
        console_.warn(terminal::Text{"Watching; Ctrl-C ends.", terminal::Style::dim});
        const client::ConnectionEvent began{.online = client_.online(), .sentence = "watching"};
        console_.result(terminal::event_json(began));
    }
    Result<bool> on_event(const client::Event& event) override {
        if (const auto* notice = std::get_if<client::NoticeEvent>(&event);
            notice != nullptr && wants(*notice)) {
            WARDLINE_TRY(show_newly_opened(*notice));
            return true;
        }
        if (const auto* message = std::get_if<client::MessageEvent>(&event)) {
            show_message(message->message);
            return true;
        }
        show_.show(event);
        if (const auto* connection = std::get_if<client::ConnectionEvent>(&event);
            connection != nullptr && connection->online) {
            WARDLINE_TRY(as_far_as_online(open_wanted()));
        }
        return true;
    }
    Result<bool> on_input(std::string_view) override { return true; }
    Result<bool> on_input_end() override { return true; }
    bool shows(const std::optional<PatientId>& patient) const override {
        return !patient || wanted_.contains(*patient);
    }

private:
    bool wants(const client::NoticeEvent& notice) const {
        return open_all_ || wanted_.contains(notice.patient_id);
    }

    // It was written before the thread was open, so it comes as history.
    Result<void> show_newly_opened(const client::NoticeEvent& notice) {
        if (notice.seq <= shown_[notice.patient_id]) return success();
        wanted_.insert(notice.patient_id);
        if (auto opened = client_.open_thread(notice.patient_id); !opened) {
            return as_far_as_online(std::move(opened));
        }
        opened_.insert(notice.patient_id);
        auto page = client_.history(notice.patient_id, kCatchUpMax);
        if (!page) return as_far_as_online(page.error());
        for (const auto& message : page.value().messages) {
            if (message.seq >= notice.seq) show_message(message);
        }
        return success();
    }

    void show_message(const client::Message& message) {
        auto& shown = shown_[message.patient_id];
        if (message.seq != 0 && message.seq <= shown) return;
        shown = std::max(shown, message.seq);
        show_.show(message);
        mark_read(message);
    }

    // What was shown was shown, whether the server hears of it now or with the next message.
    void mark_read(const client::Message& message) {
        if (message.own || message.seq == 0 || message.state != client::MessageState::received)
            return;
        [[maybe_unused]] const auto told = client_.mark_read(message.patient_id, message.seq);
    }

    // A server that is away, or a thread that was closed to us, is no reason to stop watching.
    Result<void> as_far_as_online(Result<void> done) {
        if (done) return done;
        const auto code = terminal::exit_code_of(done.error().code);
        if (code == terminal::ExitCode::trust_alarm || code == terminal::ExitCode::local_store)
            return done;
        console_.fail(done.error());
        return success();
    }

    client::Client& client_;
    terminal::Console& console_;
    MessageShow show_;
    bool open_all_;
    std::set<PatientId> wanted_;
    std::map<PatientId, Seq> shown_;
    std::set<PatientId> opened_;  // The client opens these again by itself after a lost connection.
};

}  // namespace

Result<void> watch(
    const std::filesystem::path& home,
    client::Client& client,
    terminal::Console& console,
    const WatchArguments& arguments
) {
    if (client.is_patient() && (arguments.open_all || !arguments.open.empty())) {
        return Error{Code::usage, "a patient's thread is always open; leave out --open"};
    }
    Watch command{client, console, arguments};
    auto connected = client.connect();
    if (connected) connected = command.open_wanted();
    if (!connected) {
        if (terminal::exit_code_of(connected.error().code) != terminal::ExitCode::unreachable)
            return connected;
        console.warn(
            terminal::Text{connected.error().detail + " Waiting for it.", terminal::Style::warning}
        );
    }
    return hold_home(home, client, ProcessInputs::Read::signals, command);
}

void add_watch(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "watch",
        "Show what comes, until Ctrl-C; other commands on this home run through it meanwhile",
        "  wardline watch\n"
        "  wardline watch --open 4711 --open 4712\n"
        "  wardline watch --open-all --json | jq -c 'select(.text)'"
    );
    auto texts = std::make_shared<std::vector<std::string>>();
    command->add_option("--open", *texts, "Open this patient's thread; may be repeated")
        ->type_name("PATIENT-ID")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_flag("--open-all", invocation.watch.open_all, "Open every thread one may read");
    command->callback([texts, &invocation] {
        invocation.kind = Invocation::Kind::watch;
        for (const auto& text : *texts) {
            invocation.watch.open.push_back(terminal::value_or_usage(PatientId::parse(text)));
        }
    });
}

}  // namespace wardline::cli
