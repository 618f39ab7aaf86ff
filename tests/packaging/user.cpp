// A user's program, built by each way of using jitkit: a forward branch in a CodeBuffer.
#include <jitkit/emit/code_buffer.hpp>

int main() {
  jitkit::CodeBuffer code;
  const jitkit::Label end = code.new_label();
  code.put32(0x14000000);  // b end
  code.use_label(end, jitkit::FixupKind::a64_branch26, 0);
  code.put32(0xd503201f);  // nop
  code.bind(end);
  code.put32(0xd65f03c0);  // ret
  jitkit::u32 branch = 0;
  if (!code.finish().ok() || code.bytes().size() != 12) return 1;
  std::memcpy(&branch, code.data(), 4);
  return branch == 0x14000002 ? 0 : 1;
}
