#include "clients/cli/invocation.hpp"
#include "clients/terminal/patient_invite.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

namespace wardline::cli {

namespace {

struct ConfirmArguments {
    std::string patient_text;
    std::string device;
    std::string fingerprint;
    std::optional<PatientId> patient;  // There once the arguments are read.
};

std::string digits_of(std::string_view fingerprint) {
    std::string digits;
    for (const char c : fingerprint) {
        if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
            digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return digits;
}

Result<void> confirm(Context& context, const ConfirmArguments& arguments) {
    const auto& patient = *arguments.patient;
    auto& console = context.console;
    WARDLINE_TRY(const auto waiting, context.client.unconfirmed(patient));
    if (waiting.empty()) {
        return Error{
            Code::not_found, "no device of patient " + patient.text() + " waits for confirmation"
        };
    }
    auto typed = arguments.fingerprint;
    if (typed.empty()) {
        console.say(
            "Make sure who you talk to. Then let the patient read the fingerprint from their own "
            "device:"
        );
        console.say(terminal::Text{"  wardline status", terminal::Style::bold});
        WARDLINE_TRY(typed, console.ask("Fingerprint, as the patient reads it: "));
    }
    const auto match =
        std::find_if(waiting.begin(), waiting.end(), [&](const client::DeviceInfo& device) {
            return digits_of(device.fingerprint) == digits_of(typed) &&
                   device.id.hex().starts_with(arguments.device);
        });
    if (match == waiting.end()) {
        return Error{
            Code::usage,
            "this is not the fingerprint of a device that waits; if the patient read it right, "
            "somebody else has used "
            "the invite"
        };
    }
    WARDLINE_TRY(context.client.identity_confirm(patient, match->id, match->fingerprint));
    auto shape = terminal::device_json(*match);
    shape["confirmed"] = true;
    console.result(shape);
    console.say(terminal::Text{"Confirmed. ", terminal::Style::good}.add(
        "The device of patient " + patient.text() + " can now read the thread."
    ));
    return success();
}

void add_identity_confirm(CLI::App& app, Invocation& invocation) {
    auto* command = terminal::add_command(
        app,
        "identity-confirm",
        "Confirm that a patient's new device is theirs, once you know who you talk to",
        "  wardline identity-confirm 4711\n"
        "  wardline identity-confirm 4711 --fingerprint \"3fa20 91c4d ...\""
    );
    auto arguments = std::make_shared<ConfirmArguments>();
    command->add_option("PATIENT-ID", arguments->patient_text, "The patient")->required();
    command
        ->add_option(
            "--fingerprint", arguments->fingerprint, "What the patient read out (default: asks)"
        )
        ->type_name("DIGITS");
    command->add_option("--device", arguments->device, "The device's id or its first digits")
        ->type_name("DEVICE");
    command->callback([arguments, &invocation] {
        arguments->patient = terminal::value_or_usage(PatientId::parse(arguments->patient_text));
        invocation.action = [arguments](Context& context) { return confirm(context, *arguments); };
    });
}

}  // namespace

void add_patient(CLI::App& app, Invocation& invocation) {
    auto* patient = terminal::add_command(
        app, "patient", "Invite patients", "  wardline patient invite 4711 --team reception --qr"
    );
    patient->require_subcommand(1);
    terminal::add_patient_invite(
        *patient,
        "  wardline patient invite 4711\n"
        "  wardline patient invite 4711 --team reception --team nurses --qr",
        [&invocation](const terminal::PatientInvite& arguments) {
            invocation.action = [arguments](Context& context) {
                return terminal::invite_patient(context.client, context.console, arguments);
            };
        }
    );
    add_identity_confirm(app, invocation);
}

}  // namespace wardline::cli
