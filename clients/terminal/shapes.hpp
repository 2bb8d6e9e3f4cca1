#pragma once

#include "clients/core/types.hpp"
#include "clients/terminal/outcome.hpp"

// The JSON of what the client library answers, key by key as docs/cli.md lists it. Pure; any
// thread.
namespace wardline::terminal {

// null for nothing.
Json time_json(const std::optional<Instant>& time);

Json message_json(const client::Message& message);
// A notice as a message whose author, device, id and text are not known.
Json notice_json(const client::NoticeEvent& notice);
Json thread_json(const client::ThreadSummary& thread);
Json device_json(const client::DeviceInfo& device);
Json invite_json(const client::InviteInfo& invite);
Json receipt_json(const client::ReceiptInfo& receipt);
Json verify_json(const client::VerifyInfo& verify);
Json status_json(const client::Status& status);

// What one event of watching is; a message and a notice are objects of the shape of a message,
// others have a key `event`.
Json event_json(const client::Event& event);

}  // namespace wardline::terminal
