#include "protocol/trust/statement.hpp"

#include <cstdint>
#include <cstdlib>

// The input is a statement's body. What is accepted has to be written again to the same fields.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace wardline;
    const auto statement = trust::Statement::from_parts(Bytes{data, data + size}, Signature{});
    if (!statement) return 0;
    const auto fields = statement.value().fields();
    const auto again = trust::sign_statement(SigningSecret{}, fields);
    if (!again || again.value().data() != fields.data) std::abort();
    return 0;
}
