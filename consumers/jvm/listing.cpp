#include <jitkit/consumers/jvm/listing.hpp>
#include <jitkit/consumers/jvm/made.hpp>

#include <dlfcn.h>
#include <link.h>

#include <span>

#if defined(__x86_64__)
#include <jitkit/emit/x86_64/disassembler.hpp>
#else
#include <jitkit/emit/arm64/disassembler.hpp>
#endif

namespace jitkit::inline JITKIT_ABI::hotspot {
namespace {

// One line; the length of the instruction.
usize print_instruction(std::span<const u8> bytes, Sink& out) {
#if defined(__x86_64__)
  const usize length = x86_64::disassemble(bytes, out);
  if (length != 0) return length;
  x86_64::print_bytes(bytes.first(1), out);
  return 1;
#else
  u32 word = 0;
  for (unsigned n = 0; n < 4 && n < bytes.size(); ++n) word |= u32{bytes[n]} << 8 * n;
  if (!arm64::disassemble(word, out)) (out << ".inst 0x").hex(word, 8);
  return 4;
#endif
}

// Of a function that the agent's library exports.
std::span<const u8> exported_code(const char* name) {
  Dl_info info;
  const ElfW(Sym)* symbol = nullptr;
  const void* address = dlsym(RTLD_DEFAULT, name);
  if (address == nullptr || dladdr1(address, &info, const_cast<void**>(reinterpret_cast<const void**>(&symbol)), RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr)
    return {};
  return {static_cast<const u8*>(info.dli_saddr), symbol->st_size};
}

void print_function(const char* kind, std::string_view of, std::string_view code_name, const char* ending, bool made, Sink& out) {
  char name[96];
  BufferSink text(name, sizeof name - 1);
  text << kind << of << "_" << code_name << ending;
  name[text.text().size()] = '\0';
  const std::span<const u8> code = made ? made_code(name) : exported_code(name);
  if (code.empty()) return;
  (out << name << ":  // ").udec(code.size()) << " bytes\n";
  for (usize at = 0; at < code.size();) {
    (out << "  ").hex(at, 4) << ":  ";
    at += print_instruction(code.subspan(at), out);
    out << "\n";
  }
}

}  // namespace

void print_listing(const Code& code, bool counted, bool with_kernel, bool made, Sink& out) {
  const Stub& stub = stubs[code.stub];
  print_function("jitkit_", stub.name, code.name, counted ? "_counted" : "", made, out);
  if (with_kernel) print_function("jitkit_kernel_", stub.kernel->group, code.name, "", made, out);
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot
