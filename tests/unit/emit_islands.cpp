// Islands: AArch64 branches and literal loads across their range, in both directions. Every branch is
// followed through its veneers, and the code is walked to see that islands are never fallen into.
#include <doctest/doctest.h>
#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/emit/placement.hpp>

#include <vector>

using namespace jitkit;

namespace {

constexpr u32 nop = 0xd503201f;
constexpr u32 b = 0x14000000;
constexpr u32 bl = 0x94000000;
constexpr u32 cbz = 0xb4000000;
constexpr u32 tbz = 0x36000000;
constexpr u32 ldr = 0x58000000;
constexpr u32 ret = 0xd65f03c0;

u32 word_at(const CodeBuffer& code, u64 at) {
  u32 w = 0;
  std::memcpy(&w, code.bytes().data() + at, 4);
  return w;
}

// Where the pc-relative field of the word at `at` points to.
i64 target_of(const CodeBuffer& code, u64 at, FixupKind kind) {
  const FixupField& f = fixup_field(kind);
  const u64 field = (word_at(code, at) >> f.lsb) & low_mask(f.bits);
  return static_cast<i64>(at) + sign_extend(field, f.bits) * (i64{1} << f.scale);
}

// True if the branch at `at` leads to `end`, be it through veneers.
bool leads_to(const CodeBuffer& code, u64 at, FixupKind kind, i64 end) {
  i64 to = target_of(code, at, kind);
  for (int i = 0; i < 100 && to != end; ++i) {
    if ((word_at(code, static_cast<u64>(to)) & 0xfc000000) != b) return false;
    to = target_of(code, static_cast<u64>(to), FixupKind::a64_branch26);
  }
  return to == end;
}

void fill(CodeBuffer& code, u64 bytes) {
  for (u64 i = 0; i < bytes; i += 4) code.put32(nop);
}
// Moves the cursor on without touching the memory.
void skip(CodeBuffer& code, u64 bytes) {
  constexpr u32 step = 1 << 16;
  for (u64 i = 0; i < bytes; i += step)
    if (code.reserve(step) != nullptr) code.advance(step);
}

// Runs straight on from 0, taking unconditional branches only; true if it meets only nops and
// branches of `seen` kinds before the ret at `end`.
bool walks_to(const CodeBuffer& code, u64 end) {
  u64 pc = 0;
  for (u64 steps = 0; steps < code.bytes().size() && pc < end; ++steps) {
    const u32 w = word_at(code, pc);
    const bool known = w == nop || (w & 0xfc000000) == bl || (w & 0xff000000) == cbz ||
                       (w & 0xff000000) == tbz || (w & 0xff000000) == ldr;
    if ((w & 0xfc000000) == b)
      pc = static_cast<u64>(target_of(code, pc, FixupKind::a64_branch26));
    else if (known)
      pc += 4;
    else
      return false;
  }
  return pc == end;
}

struct Branch {
  u32 word;
  FixupKind kind;
  i64 reach;
};
constexpr Branch branches[] = {{tbz, FixupKind::a64_branch14, 32 << 10},
                               {cbz, FixupKind::a64_branch19, 1 << 20}};

}  // namespace

TEST_CASE("islands: forward, around the limit") {
  for (const Branch& br : branches) {
    for (i64 distance = br.reach - 256; distance <= br.reach + 64; distance += 4) {
      CodeBuffer code;
      const Label l = code.new_label();
      code.put32(br.word, l, br.kind);
      const u32 at = 0;
      while (i64{code.offset()} - at < distance) code.put32(nop);
      code.bind(l);
      code.put32(ret);
      REQUIRE(code.finish().ok());
      REQUIRE(leads_to(code, at, br.kind, code.offset_of(l)));
      REQUIRE(walks_to(code, code.offset_of(l)));
    }
  }
}

TEST_CASE("islands: backward, around the limit and far beyond") {
  for (const Branch& br : branches) {
    for (const i64 over : {-8, -4, 0, 4, 8, 1000, 33 << 10, 1100 << 10}) {
      CodeBuffer code;
      const Label l = code.new_label();
      code.put32(nop);
      code.bind(l);
      fill(code, static_cast<u64>(br.reach + over));
      const u32 at = code.offset();
      code.put32(br.word, l, br.kind);
      code.put32(ret);
      REQUIRE(code.finish().ok());
      CHECK(leads_to(code, at, br.kind, 4));
      // -32 KiB is in reach, +32 KiB is not: no veneer up to the limit.
      CHECK((code.offset() == at + 8) == (over <= 0));
    }
  }
}

TEST_CASE("islands: forward by several times the range") {
  for (const Branch& br : branches) {
    CodeBuffer code;
    const Label l = code.new_label();
    code.put32(br.word, l, br.kind);
    fill(code, static_cast<u64>(5 * br.reach));
    code.bind(l);
    code.put32(ret);
    REQUIRE(code.finish().ok());
    CHECK(leads_to(code, 0, br.kind, code.offset_of(l)));
    CHECK(walks_to(code, code.offset_of(l)));
    CHECK(code.offset() == 4 + 5 * br.reach + 4 + 8);  // one island of one veneer
  }
}

TEST_CASE("islands: b across 128 MiB, forward and backward") {
  constexpr u64 reach = 128 << 20;
  CodeBuffer code;
  const Label start = code.new_label();
  const Label end = code.new_label();
  code.bind(start);
  code.put32(bl, end, FixupKind::a64_branch26);
  code.put32(cbz, end, FixupKind::a64_branch19);
  skip(code, reach + (1 << 20));
  code.bind(end);
  const u32 near = code.offset();
  code.put32(b, start, FixupKind::a64_branch26);
  code.put32(tbz, start, FixupKind::a64_branch14);
  code.put32(ret);
  REQUIRE(code.finish().ok());
  CHECK(leads_to(code, 0, FixupKind::a64_branch26, code.offset_of(end)));
  CHECK(leads_to(code, 4, FixupKind::a64_branch19, code.offset_of(end)));

  // Back: adrp x16; add x16, x16; br x16, which placement fills in.
  REQUIRE(code.place(0x7f0000123000 + 0x458).ok());
  const i64 veneer = target_of(code, near, FixupKind::a64_branch26);
  CHECK(target_of(code, near + 4, FixupKind::a64_branch14) == veneer);
  const u32 adrp = word_at(code, static_cast<u64>(veneer));
  const u32 add = word_at(code, static_cast<u64>(veneer) + 4);
  CHECK((adrp & 0x9f00001f) == 0x90000010);
  CHECK((add & 0xffc003ff) == 0x91000210);
  CHECK(word_at(code, static_cast<u64>(veneer) + 8) == 0xd61f0200);
  const u64 pages = (adrp >> 29 & 3) | (adrp >> 5 & 0x7ffff) << 2;
  const u64 pc = code.address() + static_cast<u64>(veneer);
  const u64 to = (pc & ~u64{0xfff}) + static_cast<u64>(sign_extend(pages, 21) * 4096) + (add >> 10 & 0xfff);
  CHECK(to == code.address());
}

TEST_CASE("islands: b just within and just beyond 128 MiB") {
  constexpr u64 reach = 128 << 20;
  for (const u64 distance : {reach - 4, reach, reach + 4}) {
    CodeBuffer code;
    const Label start = code.new_label();
    code.bind(start);
    skip(code, reach - (1 << 16));
    while (code.offset() < distance) code.put32(nop);
    code.put32(b, start, FixupKind::a64_branch26);
    REQUIRE(code.finish().ok());
    CHECK(code.offset() == distance + 4 + (distance > reach ? 12 : 0));
  }
}

TEST_CASE("islands: a dense run of branches shares islands and veneers") {
  CodeBuffer code;
  std::vector<Label> labels(6000);
  for (Label& l : labels) l = code.new_label();
  const Label common = code.new_label();
  std::vector<u32> at;
  for (const Label l : labels) {
    code.put32(tbz, l, FixupKind::a64_branch14);
    at.push_back(code.offset() - 4);
    code.put32(tbz, common, FixupKind::a64_branch14);
    at.push_back(code.offset() - 4);
  }
  fill(code, 40000);
  for (const Label l : labels) {
    code.bind(l);
    code.put32(nop);
  }
  code.bind(common);
  code.put32(ret);
  REQUIRE(code.finish().ok());
  for (usize i = 0; i < labels.size(); ++i) {
    REQUIRE(leads_to(code, at[2 * i], FixupKind::a64_branch14, code.offset_of(labels[i])));
    REQUIRE(leads_to(code, at[2 * i + 1], FixupKind::a64_branch14, code.offset_of(common)));
  }
  CHECK(walks_to(code, code.offset_of(common)));
  const u32 plain = 6000 * 8 + 40000 + 6000 * 4 + 4;
  CHECK(code.offset() < plain + 6000 * 4 + 40 * 8);  // a veneer each, and few islands
}

TEST_CASE("islands: backward branches to one far label share veneers") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put32(nop);
  code.bind(l);
  fill(code, 64 << 10);
  const u32 begin = code.offset();
  for (int i = 0; i < 20000; ++i) code.put32(tbz, l, FixupKind::a64_branch14);
  code.put32(ret);
  REQUIRE(code.finish().ok());
  for (u32 at = begin; at < code.offset() - 4; at += 4)
    if ((word_at(code, at) & 0xff000000) == tbz) REQUIRE(leads_to(code, at, FixupKind::a64_branch14, 4));
  CHECK(code.offset() - begin <= 20000 * 4 + 4 + 6 * 8);
}

TEST_CASE("islands: literals are brought in before their loads lose them") {
  CodeBuffer code;
  const auto load = [&](u64 value) {
    code.put32(ldr, code.literal(FixupKind::a64_load19, 8, value), FixupKind::a64_load19);
    return code.offset() - 4;
  };
  const u32 first = load(0x1111);
  const u32 other = load(0x2222);
  fill(code, 1100 << 10);
  const u32 again = load(0x1111);  // still behind, in the island
  fill(code, 2 << 20);
  const u32 later = load(0x1111);  // too far behind: a new one
  code.put32(ret);
  const u32 end = code.offset() - 4;
  REQUIRE(code.finish().ok());
  const auto value = [&](u32 at) {
    u64 v = 0;
    std::memcpy(&v, code.bytes().data() + target_of(code, at, FixupKind::a64_load19), 8);
    return v;
  };
  CHECK(value(first) == 0x1111);
  CHECK(value(other) == 0x2222);
  CHECK(value(again) == 0x1111);
  CHECK(value(later) == 0x1111);
  CHECK(target_of(code, first, FixupKind::a64_load19) == target_of(code, again, FixupKind::a64_load19));
  CHECK(target_of(code, later, FixupKind::a64_load19) > end);
  CHECK(target_of(code, first, FixupKind::a64_load19) % 8 == 0);
  CHECK(walks_to(code, end));
  REQUIRE(code.data_ranges().size() == 2);
}

TEST_CASE("islands: a load or adr of a far label cannot be led astray: an error") {
  for (const auto& [word, kind] : {std::pair(ldr, FixupKind::a64_load19), std::pair(0x10000000U, FixupKind::a64_adr21)}) {
    CodeBuffer code;
    const Label l = code.new_label();
    code.put32(nop);
    code.put32(word, l, kind);
    fill(code, 1 << 20);
    CHECK(code.status().ok());
    code.bind(l);
    CHECK(code.finish() == Status{Error::fixup_range, 4, (1 << 20) + 4});
    code.reset();
    const Label back = code.new_label();
    code.bind(back);
    fill(code, (1 << 20) + 4);
    code.put32(word, back, kind);
    CHECK(code.finish().error == Error::fixup_range);
  }
}

TEST_CASE("islands: none inside an exact scope or raw bytes, in time before them") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put32(tbz, l, FixupKind::a64_branch14);
  fill(code, 20000);
  std::vector<u32> raw(12000 / 4, nop);
  SUBCASE("raw bytes") {
    const u32 begin = code.offset();
    code.put_raw(raw.data(), 12000 + 0);
    code.put_raw(raw.data(), 12000 + 0);
    CHECK(code.offset() == begin + 24000 + 8);
  }
  SUBCASE("exact") {
    const auto scope = code.exact(16000);
    const u32 begin = code.offset();
    for (int i = 0; i < 4000; ++i) code.put32(nop);
    CHECK(code.offset() == begin + 16000);
  }
  SUBCASE("a big literal pool") {
    for (u64 i = 0; i < 3000; ++i)
      code.put32(ldr, code.literal(FixupKind::a64_load19, 8, i), FixupKind::a64_load19);
    const Label over = code.new_label();
    code.put32(b, over, FixupKind::a64_branch26);
    code.flush_literals();
    code.bind(over);
  }
  code.bind(l);
  code.put32(ret);
  REQUIRE(code.finish().ok());
  CHECK(leads_to(code, 0, FixupKind::a64_branch14, code.offset_of(l)));
  CHECK(walks_to(code, code.offset_of(l)));
}

TEST_CASE("islands: an exact scope longer than the range of a branch out of it is an error") {
  CodeBuffer code;
  const Label l = code.new_label();
  {
    const auto scope = code.exact(40000);
    code.put32(tbz, l, FixupKind::a64_branch14);
    for (int i = 1; i < 10000; ++i) code.put32(nop);
  }
  code.put32(nop);
  code.bind(l);
  CHECK(code.finish().error == Error::fixup_range);
}

TEST_CASE("islands: offered where control does not arrive, they need no branch around") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put32(tbz, l, FixupKind::a64_branch14);
  fill(code, 31000);
  code.put32(ret);
  const u32 before = code.offset();
  code.offer_island();
  CHECK(code.offset() == before + 4);
  code.offer_island();
  CHECK(code.offset() == before + 4);
  fill(code, 40000);
  code.bind(l);
  REQUIRE(code.finish().ok());
  CHECK(leads_to(code, 0, FixupKind::a64_branch14, code.offset_of(l)));
}

TEST_CASE("islands: bytes amid the code keep islands aligned") {
  CodeBuffer code;
  const Label l = code.new_label();
  code.put32(b, l, FixupKind::a64_branch26);
  code.put32(tbz, l, FixupKind::a64_branch14);
  for (int i = 0; i < 70000; ++i) code.put8(0);
  code.align(4);
  code.bind(l);
  code.put32(ret);
  REQUIRE(code.finish().ok());
  CHECK(leads_to(code, 4, FixupKind::a64_branch14, code.offset_of(l)));
}

TEST_CASE("islands: one that is due where a written literal is loaded at its reach") {
  constexpr i64 reach = fixup_reach(FixupKind::a64_load19);
  constexpr u32 short_branches = 100;
  bool met = false;
  // The branches' deadline moves across the load's place.
  for (i64 start = reach - 32600; start < reach - 32200; start += 4) {
    CodeBuffer code;
    const u32 literal = 8;
    code.put32(ldr, code.literal(FixupKind::a64_load19, 8, 7), FixupKind::a64_load19);
    code.put32(ret);
    code.flush_literals();
    fill(code, static_cast<u64>(start));
    std::vector<Label> ahead;
    for (u32 n = 0; n < short_branches; ++n) {
      ahead.push_back(code.new_label());
      code.put32(tbz, ahead.back(), FixupKind::a64_branch14);
    }
    while (i64{code.offset()} < literal + reach - 68) code.put32(nop);
    const u32 before = code.offset();
    code.put32(ldr, code.literal(FixupKind::a64_load19, 8, 7), FixupKind::a64_load19);
    const u32 load = code.offset() - 4;
    met = met || load != before;
    for (const Label l : ahead) code.bind(l);
    code.put32(ret);
    REQUIRE(code.finish().ok());
    u64 v = 0;
    std::memcpy(&v, code.bytes().data() + target_of(code, load, FixupKind::a64_load19), 8);
    CHECK(v == 7);
  }
  CHECK(met);
}

TEST_CASE("islands: one so long that short branches behind those it is due for would pass their reach in it") {
  // Branches of 32 KiB in two groups, the second due while the island of the first, which holds the literals and
  // the veneers of many branches of 1 MiB as well, is being written.
  for (u32 gap = 4000; gap < 5400; gap += 100) {
    CodeBuffer code;
    std::vector<Label> ahead;
    std::vector<u32> at;
    const auto branch = [&](u32 word, FixupKind kind) {
      ahead.push_back(code.new_label());
      code.put32(word, ahead.back(), kind);
      at.push_back(code.offset() - 4);
    };
    constexpr i64 reach = fixup_reach(FixupKind::a64_branch19);
    for (u64 n = 0; n < 700; ++n) code.put32(ldr, code.literal(FixupKind::a64_load19, 8, n), FixupKind::a64_load19);
    for (u32 n = 0; n < 700; ++n) branch(cbz, FixupKind::a64_branch19);
    while (i64{code.offset()} < reach - 48000) code.put32(nop);
    branch(tbz, FixupKind::a64_branch14);
    fill(code, gap);
    branch(tbz, FixupKind::a64_branch14);
    fill(code, 60000);
    for (const Label l : ahead) {
      code.bind(l);
      code.put32(ret);
    }
    REQUIRE(code.finish().ok());
    for (usize n = 0; n < at.size(); ++n) {
      const bool is_long = n < 700;
      REQUIRE(leads_to(code, at[n], is_long ? FixupKind::a64_branch19 : FixupKind::a64_branch14,
                       code.offset_of(ahead[n])));
    }
  }
}

TEST_CASE("islands: memory that is just enough is enough") {
  const auto work = [](CodeBuffer& code) {
    const Label l = code.new_label();
    code.put32(tbz, l, FixupKind::a64_branch14);
    fill(code, 40000);
    code.put32(ldr, code.literal(FixupKind::a64_load19, 8, 7), FixupKind::a64_load19);
    code.bind(l);
    code.put32(ret);
    return code.finish();
  };
  CodeBuffer grown;
  REQUIRE(work(grown).ok());
  std::vector<u8> memory(grown.offset());
  CodeBuffer tight{std::span<u8>(memory)};
  CHECK(work(tight).ok());
  CHECK(std::memcmp(tight.data(), grown.data(), memory.size()) == 0);
  CodeBuffer short_of_one{std::span<u8>(memory.data(), memory.size() - 1)};
  CHECK(work(short_of_one) ==
        Status{Error::out_of_code_space, static_cast<u32>(memory.size()) - 8, memory.size()});
}

// Islands that would have come after the space was used up count in what the error says is enough.
TEST_CASE("islands: code of many islands, in memory of the size that the error names") {
  const auto work = [](CodeBuffer& code) {
    const Label start = code.new_label(), out = code.new_label();
    code.bind(start);
    for (u32 n = 0; n < 60; ++n) {
      code.align(64);
      for (u32 k = 0; k < 20; ++k) code.put32(tbz, n % 2 == 0 ? out : start, FixupKind::a64_branch14);
      code.put32(ldr, code.literal(FixupKind::a64_load19, 16, n), FixupKind::a64_load19);
      fill(code, n == 30 ? 1100000 : 3000);
      code.put32(ldr, code.literal(FixupKind::a64_load19, 16, n), FixupKind::a64_load19);
    }
    code.bind(out);
    return code.finish();
  };
  CodeBuffer grown;
  REQUIRE(work(grown).ok());
  const u32 size = grown.offset();
  for (const u32 room : {0U, 40U, 30000U, 32768U, 33000U, 60000U, 100000U, 700000U, 1048576U, 1100000U, size - 20000, size - 4}) {
    std::vector<u8> memory(room);
    CodeBuffer tight{std::span<u8>(memory)};
    const Status s = work(tight);
    REQUIRE(s.error == Error::out_of_code_space);
    CHECK(s.detail < size + size / 8);
    memory.resize(s.detail);
    CodeBuffer enough{std::span<u8>(memory)};
    CHECK(work(enough).ok());
  }
}

TEST_CASE("islands: random branches of every range all arrive") {
  struct Use {
    u32 at;
    FixupKind kind;
    Label label;
    u64 value;
  };
  for (u64 seed = 1; seed <= 20; ++seed) {
    u64 state = seed * 0x9e3779b97f4a7c15;
    const auto random = [&](u64 n) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      return (state >> 11) % n;
    };
    CodeBuffer code;
    std::vector<Label> labels(2000);
    for (Label& l : labels) l = code.new_label();
    std::vector<Use> uses;
    usize bound = 0;
    const u64 gap = seed % 3 == 0 ? 2 : seed % 3 == 1 ? 60 : 600;
    while (bound < labels.size()) {
      const u64 what = random(10);
      const Label l = labels[random(labels.size())];
      const u64 value = random(500);
      if (what < 4)
        code.put32(tbz, l, FixupKind::a64_branch14);
      else if (what < 6)
        code.put32(cbz, l, FixupKind::a64_branch19);
      else if (what < 7)
        code.put32(bl, l, FixupKind::a64_branch26);
      else if (what < 8)
        code.put32(ldr, code.literal(FixupKind::a64_load19, 8, value), FixupKind::a64_load19);
      if (what < 8) {
        constexpr FixupKind kinds[] = {FixupKind::a64_branch14, FixupKind::a64_branch14,
                                       FixupKind::a64_branch14, FixupKind::a64_branch14,
                                       FixupKind::a64_branch19, FixupKind::a64_branch19,
                                       FixupKind::a64_branch26, FixupKind::a64_load19};
        uses.push_back({code.offset() - 4, kinds[what], l, value});
      } else if (what == 8) {
        code.bind(labels[bound++]);
        code.put32(nop);
      }
      fill(code, random(gap) * 4);
    }
    code.put32(ret);
    const u32 end = code.offset() - 4;
    const u64 size_bound = code.size_bound();
    REQUIRE(code.finish().ok());
    CHECK(code.offset() <= size_bound);
    for (const Use& u : uses) {
      if (u.kind == FixupKind::a64_load19) {
        u64 v = 0;
        std::memcpy(&v, code.bytes().data() + target_of(code, u.at, u.kind), 8);
        REQUIRE(v == u.value);
      } else {
        REQUIRE(leads_to(code, u.at, u.kind, code.offset_of(u.label)));
      }
    }
    CHECK(walks_to(code, end));
  }
}
