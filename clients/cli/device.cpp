#include "clients/cli/invocation.hpp"
#include "clients/terminal/shapes.hpp"
#include "clients/terminal/views.hpp"

#include <CLI/CLI.hpp>
#include <memory>

namespace wardline::cli {

namespace {

constexpr std::size_t kPrefixDigitsMin = 4;

Result<void> list(Context& context) {
    WARDLINE_TRY(const auto devices, context.client.devices());
    auto shapes = terminal::Json::array();
    for (const auto& device : devices) shapes.push_back(terminal::device_json(device));
    context.console.result({{"devices", std::move(shapes)}});
    terminal::show_devices(context.console, devices);
    return success();
}

struct AddArguments {
    std::uint32_t hours{24};
    bool qr{false};
};

Result<void> add(Context& context, const AddArguments& arguments) {
    WARDLINE_TRY(
        const auto invite, context.client.invite_device(std::chrono::hours{arguments.hours})
    );
    context.console.result(terminal::invite_json(invite));
    terminal::show_invite(context.console, invite, arguments.qr);
    context.console.say("On the other device: wardline enrol INVITE");
    return success();
}

// A whole id, or the start of exactly one of one's own devices.
Result<DeviceId> find_device(Context& context, const std::string& text) {
    if (text.size() == 2 * DeviceId::kSize) {
        if (auto whole = DeviceId::from_hex(text)) return whole.value();
        return Error{Code::usage, "a device id is 32 hexadecimal digits; device list shows them"};
    }
    WARDLINE_TRY(const auto devices, context.client.devices());
    std::optional<DeviceId> found;
    for (const auto& device : devices) {
        if (!device.live || !device.id.hex().starts_with(text)) continue;
        if (found)
            return Error{Code::usage, "several devices begin with " + text + "; give more digits"};
        found = device.id;
    }
    if (!found) return Error{Code::usage, "no device of yours begins with " + text};
    return *found;
}

Result<void> remove(Context& context, const std::string& text) {
    WARDLINE_TRY(const auto device, find_device(context, text));
    WARDLINE_TRY(context.client.revoke_device(device));
    context.console.result({{"device", device.hex()}, {"live", false}});
    context.console.say(
        "Removed " + device.hex() + ". It can read nothing that is written from now on."
    );
    return success();
}

void add_device_add(CLI::App& device, Invocation& invocation) {
    auto* command = terminal::add_command(
        device,
        "add",
        "Invite a further device of your own",
        "  wardline device add --qr\n"
        "  wardline device add --hours 1"
    );
    auto arguments = std::make_shared<AddArguments>();
    command->add_option("--hours", arguments->hours, "How long the invite holds (default: 24)")
        ->type_name("N")
        ->check(CLI::Range(1, 720));
    command->add_flag("--qr", arguments->qr, "Show it as a QR code too");
    command->callback([arguments, &invocation] {
        invocation.action = [arguments](Context& context) { return add(context, *arguments); };
    });
}

}  // namespace

void add_device(CLI::App& app, Invocation& invocation) {
    auto* device = terminal::add_command(
        app,
        "device",
        "List, add and remove your own devices",
        "  wardline device list\n"
        "  wardline device add\n"
        "  wardline device remove 3fa2"
    );
    device->require_subcommand(1);
    terminal::add_command(*device, "list", "Your devices", "  wardline device list")
        ->callback([&invocation] { invocation.action = list; });
    add_device_add(*device, invocation);
    auto* command = terminal::add_command(
        *device,
        "remove",
        "Shut a device out; with the capability manage-devices also somebody else's",
        "  wardline device remove 3fa2"
    );
    auto id = std::make_shared<std::string>();
    command->add_option("DEVICE", *id, "Its id, or the first digits of one of your own")
        ->required();
    command->callback([id, &invocation] {
        if (id->size() < kPrefixDigitsMin)
            terminal::refuse_usage("give at least 4 digits of the device's id");
        invocation.action = [id](Context& context) { return remove(context, *id); };
    });
}

}  // namespace wardline::cli
