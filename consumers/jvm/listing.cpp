#include <jitkit/consumers/jvm/listing.hpp>

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

void print_function(const void* address, Sink& out) {
  Dl_info info;
  const ElfW(Sym)* symbol = nullptr;
  if (dladdr1(address, &info, const_cast<void**>(reinterpret_cast<const void**>(&symbol)), RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr)
    return;
  const std::span<const u8> code(static_cast<const u8*>(info.dli_saddr), symbol->st_size);
  (out << info.dli_sname << ":  // ").udec(code.size()) << " bytes\n";
  for (usize at = 0; at < code.size();) {
    (out << "  ").hex(at, 4) << ":  ";
    at += print_instruction(code.subspan(at), out);
    out << "\n";
  }
}

}  // namespace

void print_listing(const Code& code, bool with_kernel, Sink& out) {
  print_function(reinterpret_cast<const void*>(code.plain), out);
  if (!with_kernel) return;
  char name[96];
  BufferSink text(name, sizeof name - 1);
  text << "jitkit_kernel_" << stubs[code.stub].kernel->group << "_" << code.name;
  name[text.text().size()] = '\0';
  if (const void* kernel = dlsym(RTLD_DEFAULT, name); kernel != nullptr) print_function(kernel, out);
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot
