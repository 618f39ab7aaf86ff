// The number of one kind of entity is not accepted for another.
// expect: (could not convert|no viable conversion|no known conversion|cannot convert)
#include <jitkit/ir/support/index.hpp>

struct BlockTag;
struct ValueTag;
using Block = jitkit::Index<BlockTag>;
using Value = jitkit::Index<ValueTag>;

jitkit::u32 number_of(Value v) { return v.id; }

int main() {
#ifdef PASS
  return static_cast<int>(number_of(Value(1)));
#else
  return static_cast<int>(number_of(Block(1)));
#endif
}
