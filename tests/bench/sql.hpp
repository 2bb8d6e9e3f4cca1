#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

// A connection to a server's database behind its back: to prepare it, look at it, or be compared
// with it. Errors are exceptions.
namespace wardline::bench {

class Sql {
public:
    explicit Sql(const std::string& conninfo);

    // The rows' first columns; for a statement without rows, none.
    std::vector<std::string> column(const std::string& text);
    // The one value that the statement answers.
    std::string value(const std::string& text);
    void run(const std::string& text) { column(text); }
    // Names a statement with one parameter, for execute().
    void prepare(const std::string& name, const std::string& text);
    void execute(const std::string& name, const std::string& parameter);

private:
    struct Finish {
        void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
    };
    std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace wardline::bench
