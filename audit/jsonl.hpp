#pragma once

#include "audit/export.hpp"
#include "audit/trail.hpp"
#include "audit/verify.hpp"
#include "audit/witness.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Reading a verifiable export, docs/audit.md "Formats". Whatever stands in the file, the answer is
// a value: nothing here throws but for want of memory. Pure; one thread for each object.
namespace wardline::audit {

constexpr std::size_t kExportLineMax = 1'048'576;  // Bytes, the newline left out.

// What a line holds. The details of the entry are encoded again as they were.
using ExportLine = std::variant<ExportHeader, TrailEntry, SignedHead>;

// One line after the other, at a few hundred thousand a second.
class JsonlReader {
public:
    JsonlReader();
    JsonlReader(JsonlReader&&) noexcept;
    JsonlReader& operator=(JsonlReader&&) noexcept;
    ~JsonlReader();

    // `bad_frame` with a sentence's end ("is not valid JSON").
    Result<ExportLine> read(std::string_view line);
    // The same without a copy, where kPadding bytes behind the line may be read.
    static constexpr std::size_t kPadding = 64;
    Result<ExportLine> read_padded(std::string_view line);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Verifies a file that is fed to it in pieces of any size.
class JsonlVerifier {
public:
    explicit JsonlVerifier(std::vector<Witness> witnessed = {});
    JsonlVerifier(JsonlVerifier&&) noexcept;
    JsonlVerifier& operator=(JsonlVerifier&&) noexcept;
    ~JsonlVerifier();

    void feed(std::string_view piece);
    std::uint64_t entries() const noexcept;  // So far.
    // What the file says of itself, once its first line was read and could be.
    const std::optional<ExportHeader>& header() const noexcept;
    // Once, at the end of the file.
    VerifyReport finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace wardline::audit
