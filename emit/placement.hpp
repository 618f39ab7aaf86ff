// Placement: the last step of a CodeBuffer, when the address it will run at is known. Symbols get
// addresses, page-relative and absolute fields get values, branches that cannot reach get a veneer and
// GOT references a slot behind the code.
//
// Invariants: a placement can be taken back (unplace), so code may be placed again elsewhere; a failed
// one leaves the code movable. The size never exceeds size_bound(), but for padding to end at an address.
// A veneer is, on AArch64, ldr x16, #8; br x16; .quad, on x86-64 jmp [rip + 0]; .quad.
#ifndef JITKIT_EMIT_PLACEMENT_HPP
#define JITKIT_EMIT_PLACEMENT_HPP

#include <jitkit/emit/code_buffer.hpp>

namespace jitkit::inline JITKIT_ABI {

// A table of symbols as a resolver. `table` must live as long as it is used.
struct SymbolAddress {
  std::string_view name;
  u64 address;
};
inline SymbolResolver resolve_from(const std::span<const SymbolAddress>& table) {
  const auto find = [](void* context, std::string_view name, u64& address) {
    for (const SymbolAddress& s : *static_cast<const std::span<const SymbolAddress>*>(context)) {
      if (s.name != name) continue;
      address = s.address;
      return true;
    }
    return false;
  };
  return {find, const_cast<std::span<const SymbolAddress>*>(&table)};
}

inline u64 CodeBuffer::size_bound() const {
  return (size_unplaced_ != unbound ? size_unplaced_ : offset()) + waiting_bound();
}

inline void CodeBuffer::unplace() {
  if (size_unplaced_ == unbound) return;
  status_ = {};
  cursor_ = base_ + size_unplaced_;
  while (!data_.empty() && data_.back().begin >= size_unplaced_) data_.pop_back();
  if (!data_.empty() && data_.back().end > size_unplaced_) data_.back().end = size_unplaced_;
  stubs_.clear();
  for (SymbolInfo& s : symbols_) {
    s.stubs = 0;
    s.resolved = false;
  }
  size_unplaced_ = unbound;
  update_stop(0);
}

inline Status CodeBuffer::address_of(Symbol s, SymbolResolver resolver, u64& address) {
  SymbolInfo& info = symbols_[s.id];
  if (!info.known && !info.resolved) {
    if (resolver.find == nullptr || !resolver.find(resolver.context, symbol_name(s), info.address))
      return {Error::symbol_undefined, s.id, 0};
    info.resolved = true;
  }
  address = info.address;
  return {};
}

// The offset of the veneer or slot that leads to `target`.
inline u32 CodeBuffer::stub_for(const Reloc& r, u64 target) {
  const bool slot = fixup_field(r.kind).got;
  SymbolInfo& info = symbols_[r.symbol.id];
  for (u32 i = info.stubs; i != 0; i = stubs_[i].next)
    if (stubs_[i].addend == r.addend && stubs_[i].slot == slot) return stubs_[i].offset;
  while (((address_ + offset()) & 7) != 0 && status_.ok()) put8(0);
  const u32 at = offset();
  if (!slot && fixup_field(r.kind).elf_a64 != 0) {
    put32(0x58000050);  // ldr x16, #8
    put32(0xd61f0200);  // br x16
  } else if (!slot) {
    put16(0x25ff);  // jmp [rip + 0]
    put32(0);
  }
  const u32 data = offset();
  put64(target);
  mark_data(data);
  if (stubs_.empty()) stubs_.push({});
  if (stubs_.push({r.addend, at, info.stubs, slot}))
    info.stubs = stubs_.size() - 1;
  else
    fail(arena_.status());
  return at;
}

inline Status CodeBuffer::apply(const Reloc& r, u64 target) {
  const FixupField& field = fixup_field(r.kind);
  const u64 at = address_ + r.offset;
  if (field.got) target = address_ + stub_for(r, target);
  i64 value = fixup_value(r.kind, at, target);
  if (field.branch && r.symbol && !fixup_fits(r.kind, value))
    value = fixup_value(r.kind, at, address_ + stub_for(r, target));
  if (!status_.ok()) return status_;
  if (!fixup_fits(r.kind, value)) return {Error::fixup_range, r.offset, static_cast<u64>(value)};
  write_fixup(r.kind, base_ + r.offset, value);
  return {};
}

inline Status CodeBuffer::place_once(u64 address, SymbolResolver resolver) {
  if ((address & (alignment_ - 1)) != 0) return {Error::operand_range, 0, address};
  size_unplaced_ = offset();
  address_ = address;
  for (u32 i = 0; i < relocs_.size(); ++i) {
    const Reloc r = relocs_[i];
    u64 target = address;
    if (r.symbol)
      if (const Status s = address_of(r.symbol, resolver, target); !s) return s;
    if (const Status s = apply(r, target + static_cast<u64>(r.addend)); !s) return s;
  }
  return {};
}

inline Status CodeBuffer::place(u64 address, SymbolResolver resolver) {
  unplace();
  if (const Status s = finish(); !s) return s;
  const Status s = place_once(address, resolver);
  if (!s) unplace();
  return s.error == Error::out_of_code_space ? Status{s.error, s.where, size_bound()} : s;
}

inline Status CodeBuffer::place_ending_at(u64 end, SymbolResolver resolver) {
  unplace();
  if (const Status s = finish(); !s) return s;
  for (u64 size = offset();;) {  // grows until the stubs needed there fit
    const u64 address = (end - size) & ~u64{alignment_ - 1};
    const Status s = place_once(address, resolver);
    const u64 placed = offset();
    if (s.ok() && placed <= end - address) {
      const u32 begin = offset();
      seek(static_cast<u32>(end - address));
      mark_data(begin);
      if (status_.ok()) return {};
    }
    const Status failure = s.ok() ? status_ : s;
    unplace();
    if (failure.error == Error::out_of_code_space) return {failure.error, failure.where, size_bound() + alignment_ - 1};
    if (!failure) return failure;
    size = placed;
  }
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_PLACEMENT_HPP
