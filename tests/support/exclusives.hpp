// The static check of exclusives over the code of a function as it was compiled; nothing on other targets.
#ifndef JITKIT_TESTS_SUPPORT_EXCLUSIVES_HPP
#define JITKIT_TESTS_SUPPORT_EXCLUSIVES_HPP

#include <jitkit/emit/arm64/exclusives_check.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/ir/compile.hpp>

#include <cstring>
#include <type_traits>
#include <vector>

namespace jitkit::test {

// The blocks of the function that `compiler` compiled last: stubs and data stand behind them. Functions
// large enough for islands, which hold data too, are left out.
template <class Isa>
bool exclusives_are_right(const ir::Compiler<Isa>& compiler, typename Isa::Buffer& code) {
  if constexpr (std::is_same_v<Isa, arm64::Isa>) {
    const u32 bytes = compiler.code_map().blocks.empty() ? 0 : compiler.code_map().blocks.back();
    if (bytes >= 32 * 1024) return true;
    std::vector<u32> words(bytes / 4);
    if (bytes != 0) std::memcpy(words.data(), code.data() + compiler.start(), words.size() * 4);
    return arm64::check_exclusives(words).ok();
  } else {
    return true;
  }
}

}  // namespace jitkit::test

#endif  // JITKIT_TESTS_SUPPORT_EXCLUSIVES_HPP
