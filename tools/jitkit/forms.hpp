// What `jitkit forms` knows of one instruction form: a line of columns for people and for
// tools/forms_reference.py, which makes the reference pages of them.
//
// Operands are called a, b, c ... in the order of the text. In `bits` each bit that an operand decides is its
// letter; a point stands between fields of different operands, a space between bytes (x86-64).
#ifndef JITKIT_TOOLS_JITKIT_FORMS_HPP
#define JITKIT_TOOLS_JITKIT_FORMS_HPP

#include <jitkit/emit/arm64/immediates.hpp>
#include <jitkit/ir/support/form.hpp>

#include <string>
#include <vector>

namespace jitkit::tools {

struct FormLine {
  std::string name;
  std::string mnemonic;
  std::string features;  // "base", or all it needs
  std::string bits;
  std::string method;    // of the assembler, with its parameters; "-": none
  std::string effects;   // "reads b c, memory; writes a, flags"
  std::string code;      // of an example, hexadecimal as `jitkit asm` prints it
  std::string text;      // the example
};

std::vector<FormLine> forms_arm64();
std::vector<FormLine> forms_x86_64();

// An AArch64 immediate: the type arg::NAME, the template it is of, and what ImmKind it holds where.
struct ImmediateLine {
  const char* name;
  const char* wrapper;
  const char* kind;
  arm64::ImmSpec spec;
};
std::vector<ImmediateLine> immediates_arm64();

// Collects what a form reads and writes.
class EffectText {
 public:
  void reads(const std::string& what) { add(reads_, what); }
  void writes(const std::string& what) { add(writes_, what); }
  void operand(unsigned number, u8 role) { named(std::string(1, letter(number)), role); }
  void named(const std::string& what, u8 role) {
    if ((role & role_use) != 0) reads(what);
    if ((role & role_def) != 0) writes(what);
  }
  std::string text(Effects e) {
    if ((e & reads_flags) != 0) reads("flags");
    if ((e & writes_flags) != 0) writes("flags");
    if ((e & reads_memory) != 0) reads("memory");
    if ((e & writes_memory) != 0) writes("memory");
    std::string all;
    const auto part = [&](const char* head, const std::string& list) {
      if (!list.empty()) all += (all.empty() ? "" : "; ") + std::string(head) + list;
    };
    part("reads ", reads_);
    part("writes ", writes_);
    if ((e & may_trap) != 0) part("may trap", " ");
    if ((e & control) != 0) part("branches", " ");
    if ((e & other_state) != 0) part("other state", " ");
    while (all.ends_with(' ')) all.pop_back();
    for (std::string::size_type at; (at = all.find(" ;")) != std::string::npos;) all.erase(at, 1);
    return all.empty() ? "-" : all;
  }
  static char letter(unsigned number) { return static_cast<char>('a' + number); }

 private:
  static void add(std::string& list, const std::string& what) { list += (list.empty() ? "" : ", ") + what; }
  std::string reads_;
  std::string writes_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_JITKIT_FORMS_HPP
