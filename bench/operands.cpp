// Register numbers 0..31 and the immediates of the emission units.
#include "case.hpp"

namespace bench {

const std::uint8_t reg_table[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
const std::int64_t imm_table[16] = {16, 64, 12, 32, -32, 0x1234, 0x00ff00ff00ff00ff, 100, 8, 0x0ff0, 5, 1, 0x123456789abcdef0};

}  // namespace bench
