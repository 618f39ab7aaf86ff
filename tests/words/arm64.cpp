// words_arm64: AArch64 words, one by one, as jitkit and as LLVM's decoder read them.
//
//   words_arm64 random SEED COUNT              words drawn at random
//   words_arm64 forms FEATURE,.. SEED LIMIT    every word of every form that needs one of the features (`all`:
//                                              of every form); of a form with more than LIMIT (0: no limit)
//                                              that many by chance
//
// The words agree if neither decodes, or both do and jitkit reads LLVM's text, and its own, as that word, or
// as one that LLVM prints alike (encodings that differ only in bits that mean nothing). A word whose registers
// may not go together jitkit prints and its assembler refuses; LLVM does as it likes. A word that LLVM reads
// although bits that should be ones are not, jitkit does not read. Every other word is printed as
// `KIND WORD | jitkit's text | LLVM's text`, and behind the last one the number of words, of decoded words and
// of differences. What is known of LLVM's mistakes is in tests/checks, not here.
#include <llvm-c/Disassembler.h>
#include <llvm-c/Target.h>

#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <string_view>

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

// The features of docs/features.md as LLVM names them: what it decodes with these, jitkit decodes.
constexpr const char* llvm_features =
    "+v8.9a,+aes,+sha2,+sha3,+sm4,+crc,+lse128,+fullfp16,+fp16fml,+dotprod,+i8mm,+bf16,+rcpc3,+ls64,+mops,+flagm,"
    "+altnzcv,+pauth,+bti,+mte,+cssc,+predres,+specres2,+sb,+ssbs,+dit,+rand,+spe,+spe-eef,+tracev8.4,+wfxt,+xs,+hbc,"
    "+clrbhb,+nv,+ras,+rasv2,+perfmon";

class Comparison {
 public:
  Comparison() {
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64Disassembler();
    llvm_ = LLVMCreateDisasmCPUFeatures("aarch64-linux-gnu", "", llvm_features, nullptr, 0, nullptr, nullptr);
  }
  ~Comparison() { LLVMDisasmDispose(llvm_); }
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  bool ready() const { return llvm_ != nullptr; }

  void look_at(u32 word) {
    ++words_;
    ours_.clear();
    StringSink sink(ours_);
    const bool decoded = disassemble(word, sink);
    const bool llvm_decoded = llvm_text(word, theirs_);
    decoded_ += decoded;
    if (!decoded && !llvm_decoded) return;
    if (decoded && detail::registers_conflict(decode(word), word)) {
      if (assembles(ours_)) differ("conflict", word);
      return;
    }
    if (!decoded) return means_another(word) ? void() : differ("missing", word);
    if (!llvm_decoded) return differ("alone", word);
    if (!reads_as(ours_, word)) return differ("own-text", word);
    if (!reads_as(theirs_, word)) return differ("text", word);
  }

  void finish() const {
    std::printf("words %llu decoded %llu differences %llu\n", static_cast<unsigned long long>(words_),
                static_cast<unsigned long long>(decoded_), static_cast<unsigned long long>(differences_));
  }

 private:
  bool llvm_text(u32 word, std::string& text) {
    u8 bytes[4];
    std::memcpy(bytes, &word, 4);
    char buffer[256];
    if (LLVMDisasmInstruction(llvm_, bytes, 4, 0, buffer, sizeof buffer) != 4) {
      text = "-";
      return false;
    }
    text = buffer + (buffer[0] == '\t');
    for (char& c : text)
      if (c == '\t') c = ' ';
    return true;
  }

  // The word of a text in again_. LLVM's remarks stand behind //.
  bool assembles(std::string_view text) {
    why_.clear();
    StringSink error(why_);
    return assemble_line(text.substr(0, text.find("//")), FeatureSet::all(), again_, error);
  }
  bool reads_as(std::string_view text, u32 word) {
    return assembles(text) && (again_ == word || same_to_llvm(again_, word));
  }
  // LLVM does not look at bits that mean nothing: jitkit reads its text as another word, that with these bits as
  // they should be. Where it refuses the text for its registers, the fields of exclusives that should be ones.
  bool means_another(u32 word) {
    if (assembles(theirs_)) return again_ != word && same_to_llvm(again_, word);
    constexpr u32 third = 0x7c00, status = 0x1f0000;
    for (const u32 ones : {third, status, third | status})
      if ((word | ones) != word && decode(word | ones) != Form::none && same_to_llvm(word | ones, word)) return true;
    return false;
  }
  bool same_to_llvm(u32 a, u32 b) {
    std::string first, second;
    return llvm_text(a, first) && llvm_text(b, second) && first == second;
  }

  void differ(const char* kind, u32 word) {
    ++differences_;
    std::printf("%s %08x | %s | %s\n", kind, word, ours_.empty() ? "-" : ours_.c_str(), theirs_.c_str());
  }

  LLVMDisasmContextRef llvm_ = nullptr;
  std::string ours_, theirs_, why_;
  u32 again_ = 0;
  u64 words_ = 0, decoded_ = 0, differences_ = 0;
};

// The n-th word of a form: the bits of n at the places that the form leaves open.
u32 word_of(Form f, u64 n) {
  u32 word = form_bits(f) & form_mask(f);
  for (u32 open = ~form_mask(f); open != 0; open &= open - 1, n >>= 1)
    if ((n & 1) != 0) word |= open & -open;
  return word;
}

bool listed(std::string_view list, std::string_view name) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = list.find(',', at);
    if (list.substr(at, comma - at) == name) return true;
    if (comma == std::string_view::npos) break;
    at = comma + 1;
  }
  return false;
}

void look_at_forms(Comparison& c, std::string_view features, u64 seed, u64 limit) {
  std::mt19937_64 chance(seed);
  for (u16 i = 1; i < form_count; ++i) {
    const Form f = static_cast<Form>(i);
    if ((row_of(f).effects & effect::asm_only) != 0 || (features != "all" && !listed(features, feature_name(form_feature(f)))))
      continue;
    const u64 all = u64{1} << (32 - std::popcount(form_mask(f)));
    if (limit == 0 || all <= limit)
      for (u64 n = 0; n < all; ++n) c.look_at(word_of(f, n));
    else
      for (u64 n = 0; n < limit; ++n) c.look_at(word_of(f, chance() % all));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  Comparison c;
  if (!c.ready()) return std::fprintf(stderr, "words_arm64: LLVM has no AArch64 decoder\n"), 1;
  if (mode == "random" && argc == 4) {
    std::mt19937_64 chance(std::strtoull(argv[2], nullptr, 10));
    for (u64 n = std::strtoull(argv[3], nullptr, 10); n != 0; --n) c.look_at(static_cast<u32>(chance()));
  } else if (mode == "forms" && argc == 5) {
    look_at_forms(c, argv[2], std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10));
  } else {
    return std::fprintf(stderr, "usage: words_arm64 random SEED COUNT | forms FEATURE,.. SEED LIMIT\n"), 2;
  }
  c.finish();
  return 0;
}
