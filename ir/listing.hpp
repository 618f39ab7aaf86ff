// The interleaved listing of a compiled function: source position, IR, machine code.
//
//   // func @sum(ptr, i64) -> i64, sum.jk:3, 44 bytes
//   // b1(v1: ptr, v2: i64):
//   //      5:  v3 = add.i64 v2, 42
//     add x2, x1, #42                           // 0000  9100a822
//
// Everything but the machine code stands in comments, so a listing is input of `jitkit asm`, which gives
// the same words back; data amid the code is a comment too.
//
// Invariants: instructions are shown in the order of the blocks' layout, each once, those without code of
// their own too (they were folded into a later one, or nothing needs them); an instruction whose code is
// in two places is named again. What the target knows of machine code is one function, Text (below):
// emit/<arch>/listing.hpp.
#ifndef JITKIT_IR_LISTING_HPP
#define JITKIT_IR_LISTING_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/sort.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/unit.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

// Where the function came from, if it came from a text.
struct ListingSource {
  std::string_view file = {};
  const TextMap* text = nullptr;
};

// The end, at most `limit`, of the data that the offset `at` of the buffer lies in; 0 if it is code. Then
// `limit` comes down to the next data.
template <class Buffer>
u32 data_end(const Buffer& code, u32 at, u32& limit) {
  for (const auto& d : code.data_ranges()) {
    if (d.begin <= at && at < d.end) return d.end < limit ? d.end : limit;
    if (at < d.begin && d.begin < limit) limit = d.begin;
  }
  return 0;
}

// Text provides:
//   static u32 instruction(Span<const u8> code, Sink& out)
//                  writes the instruction at the start of `code` (not empty); its length
//   static constexpr unsigned unit   bytes that are printed as one number: of a word, or 1
template <class Text, Target T>
class Listing {
 public:
  using InstructionText = Text;

  // The function compiled last by `compiler`, whose code ends at the end of `code`; after code.finish()
  // and before it is placed.
  Listing(const FunctionData& fn, const Compiler<T>& compiler, typename T::Buffer& code, Sink& out,
          const ListingSource& source = {})
      : fn_(fn), machine_(compiler.machine()), map_(compiler.code_map()), start_(compiler.start()),
        code_(code), out_(out), source_(source), lines_(fn, source.text), printer_(fn, out),
        printed_(arena_), relocs_(arena_) {}

  Status status() const { return arena_.status(); }
  // False if memory ran out; what was written before stays.
  bool print() {
    if (!printed_.assign(fn_.insts.size(), false)) return false;
    for (u32 n = 0; n < code_.relocs().size(); ++n)
      if (!relocs_.push(n)) return false;
    const Span<const Reloc> relocs = code_.relocs();
    sort(relocs_.slice(0, relocs_.size()),
         [&](u32 a, u32 b) { return relocs[a].offset < relocs[b].offset; });
    header();
    const Span<const u32> blocks = map_.blocks;
    const u32 end = code_.offset() - start_;
    code(0, blocks.empty() ? end : blocks[0]);
    for (u32 k = 0; k + 1 < blocks.size(); ++k) block(machine_.blocks[k].block, blocks[k], blocks[k + 1]);
    if (!blocks.empty()) code(blocks.back(), end);
    return true;
  }

 private:
  using Reloc = typename T::Buffer::RelocInfo;
  static constexpr u32 hex_column = 48;

  void header() {
    out_ << "// ";
    if (fn_.module != nullptr && fn_.symbol) {
      ModulePrinter module(*fn_.module, fn_.isa, out_);
      out_ << "func ";
      module.symbol(fn_.symbol);
      module.signature(fn_.signature);
      out_ << ", ";
    }
    if (!source_.file.empty()) {
      out_ << source_.file;
      if (const u32 line = source_.text != nullptr ? source_.text->function.line : 0; line != 0)
        out_.put(':').udec(line);
      out_ << ", ";
    }
    out_.udec(code_.offset() - start_) << " bytes\n";
  }

  void block(Block b, u32 begin, u32 end) {
    out_ << "// ";
    printer_.block_header(b);
    out_ << "\n";
    next_ = fn_[b].first;
    in_block_ = true;
    code(begin, end);
    for (; next_; next_ = fn_[next_].next) ir(next_);
    in_block_ = false;
  }

  void ir(Inst i) {
    printed_[i.id] = true;
    out_ << "// ";
    if (const u32 line = lines_.of(i).line; line != 0) {
      unsigned width = 1;
      for (u32 v = line; v >= 10; v /= 10) ++width;
      out_.pad(width, 6);
      out_.udec(line) << ":  ";
    } else {
      out_ << "         ";
    }
    printer_.inst(i);
    out_ << "\n";
  }

  // What a stretch of code came from.
  void origin(Inst i, u32 at) {
    if (!i) {
      out_ << "//       (" << (at == 0 ? "prologue" : in_block_ ? "moves" : "out of line") << ")\n";
      return;
    }
    Inst to = printed_[i.id] ? Inst() : next_;
    while (to && to != i) to = fn_[to].next;
    if (!to) return ir(i);
    for (; next_ != i; next_ = fn_[next_].next) ir(next_);
    ir(i);
    next_ = fn_[i].next;
  }

  // Offsets count from the start of the function.
  void code(u32 begin, u32 end) {
    const Span<const CodePosition> positions = map_.positions;
    for (u32 at = begin; at < end;) {
      while (position_ + 1 < positions.size() && positions[position_ + 1].offset <= at) ++position_;
      u32 to = end;
      if (position_ + 1 < positions.size() && positions[position_ + 1].offset < end)
        to = positions[position_ + 1].offset;
      if (position_ < positions.size()) origin(positions[position_].inst, at);
      instructions(start_ + at, start_ + to);
      at = to;
    }
  }

  // Offsets in the buffer from here on.
  void instructions(u32 at, u32 end) {
    while (at < end) {
      u32 limit = end;
      if (const u32 after = data_end(code_, at, limit); after != 0) {
        data(at, after);
        at = after;
        continue;
      }
      char text[200];
      BufferSink sink(text, sizeof text);
      const Span<const u8> bytes = code_.bytes().subspan(at, limit - at);
      const u32 length = Text::instruction(bytes, sink);
      out_ << "  " << sink.text();
      out_.pad(sink.text().size() + 2, hex_column);
      (out_ << " // ").hex(at - start_, 4) << "  ";
      hex(bytes.first(length));
      references(at, at + length);
      out_ << "\n";
      at += length;
    }
  }

  void data(u32 at, u32 end) {
    for (; at < end; at += 16) {
      const u32 n = end - at < 16 ? end - at : 16;
      (out_ << "//   ").hex(at - start_, 4) << "  data";
      for (u32 k = 0; k < n; ++k) out_.put(' ').hex(code_.bytes()[at + k], 2);
      references(at, at + n);
      out_ << "\n";
    }
  }

  void hex(Span<const u8> bytes) {
    if (bytes.size() % Text::unit != 0) return;
    for (usize i = 0; i < bytes.size(); i += Text::unit)
      for (unsigned k = 0; k < Text::unit; ++k) out_.hex(bytes[i + (Text::unit - 1 - k)], 2);
  }

  // The symbols that fields in [begin, end) are relocated against.
  void references(u32 begin, u32 end) {
    const Span<const Reloc> relocs = code_.relocs();
    while (reloc_ < relocs_.size() && relocs[relocs_[reloc_]].offset < begin) ++reloc_;
    for (u32 n = reloc_; n < relocs_.size() && relocs[relocs_[n]].offset < end; ++n) {
      const Reloc& r = relocs[relocs_[n]];
      out_ << "  ";
      if (r.symbol) {
        out_ << "@" << code_.symbol_name(r.symbol);
        if (r.addend > 0) out_ << "+";
        if (r.addend != 0) out_.dec(r.addend);
      } else {
        (out_ << "-> ").hex(static_cast<u64>(r.addend) - start_, 4);
      }
    }
  }

  const FunctionData& fn_;
  const MachFunction& machine_;
  const CodeMap& map_;
  u32 start_;
  typename T::Buffer& code_;
  Sink& out_;
  ListingSource source_;
  SourceLines lines_;
  Printer printer_;
  Arena arena_;
  Vec<bool> printed_;  // by Inst
  Vec<u32> relocs_;    // indices of the buffer's, by offset
  u32 position_ = 0;
  u32 reloc_ = 0;
  Inst next_;  // of the current block, the first that was not shown
  bool in_block_ = false;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LISTING_HPP
