#include "admin/witness_syslog.hpp"

#include "clients/terminal/time_format.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

namespace wardline::admin {
namespace {

namespace net = boost::asio;

constexpr int kPriority = 13 * 8 + 5;  // Facility log audit, severity notice.

struct Server {
    std::string transport;
    std::string host;  // Or the path of a socket.
    std::string port;
};

Error no_server(const std::string& text) {
    return Error{
        Code::usage,
        "\"" + text + "\" is no syslog server: write udp:HOST:PORT, tcp:HOST:PORT or unix:/dev/log"
    };
}

Result<Server> parse(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos) return no_server(text);
    Server out{text.substr(0, colon), text.substr(colon + 1), {}};
    if (out.transport == "unix" && out.host.starts_with('/')) return out;
    const auto last = out.host.rfind(':');
    if ((out.transport != "udp" && out.transport != "tcp") || last == std::string::npos) {
        return no_server(text);
    }
    out.port = out.host.substr(last + 1);
    out.host.resize(last);
    if (out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']') {
        out.host = out.host.substr(1, out.host.size() - 2);
    }
    const bool digits =
        !out.port.empty() && out.port.find_first_not_of("0123456789") == std::string::npos;
    if (out.host.empty() || !digits) return no_server(text);
    return out;
}

// <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG
std::string message_of(const audit::Witness& witness) {
    auto line = audit::witness_line(witness);
    if (line.ends_with('\n')) line.pop_back();
    const auto head = audit::parse_head(witness.head.body);
    const auto time = head ? terminal::rfc3339(head.value().time) : std::string{"-"};
    return fmt::format("<{}>1 {} - wardline - tree-head - {}", kPriority, time, line);
}

void send(const Server& server, const std::string& message) {
    net::io_context context;
    if (server.transport == "unix") {
        net::local::datagram_protocol::socket socket{context};
        socket.connect(net::local::datagram_protocol::endpoint{server.host});
        socket.send(net::buffer(message));
    } else if (server.transport == "udp") {
        net::ip::udp::resolver resolver{context};
        net::ip::udp::socket socket{context};
        net::connect(socket, resolver.resolve(server.host, server.port));
        socket.send(net::buffer(message));
    } else {
        net::ip::tcp::resolver resolver{context};
        net::ip::tcp::socket socket{context};
        net::connect(socket, resolver.resolve(server.host, server.port));
        const auto framed = std::to_string(message.size()) + " " + message;
        net::write(socket, net::buffer(framed));
        socket.shutdown(net::ip::tcp::socket::shutdown_both);
    }
}

}  // namespace

Result<bool> check_syslog_server(const std::string& server) {
    WARDLINE_TRY(parse(server));
    return true;
}

Result<void> send_to_syslog(const std::string& server, const audit::Witness& witness) {
    WARDLINE_TRY(const auto to, parse(server));
    try {
        send(to, message_of(witness));
    } catch (const boost::system::system_error& error) {
        return Error{
            Code::unreachable, "the syslog server " + server + ": " + error.code().message()
        };
    }
    return success();
}

}  // namespace wardline::admin
