// Calls jitkit's stub and HotSpot's with the same random input and compares everything they leave behind (the
// result and all memory that either could reach), or the time they take.
//
// The input is made from the stub's convention alone: addresses have any alignment that Java can give
// them; the upper halves of jitkit's i32 arguments hold rubbish.
#ifndef JITKIT_CONSUMERS_JVM_VERIFY_HPP
#define JITKIT_CONSUMERS_JVM_VERIFY_HPP

#include <jitkit/config.hpp>
#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace jitkit::inline JITKIT_ABI::hotspot {

// An instruction that does nothing, known to tools/qemu_count by its number.
template <unsigned number>
[[gnu::noinline]] void mark() {
#if defined(__aarch64__)
  asm volatile("movz xzr, #%c0" : : "i"(number) : "memory");
#endif
}
template <unsigned... numbers>
constexpr std::array<void (*)(), sizeof...(numbers)> marks_of(std::integer_sequence<unsigned, numbers...>) {
  return {mark<numbers>...};
}
inline constexpr auto marks = marks_of(std::make_integer_sequence<unsigned, 2 * stub_count + 1>());

// most: what a stub may reach of each address, in bytes.
template <usize most>
class Trial {
 public:
  explicit Trial(u64 seed) : random_(seed) {}

  // Nanoseconds per call of either, on input as large as it gets: the least of 11 measurements in turn, which
  // other programs disturb least.
  void time(const Stub& stub, AnyStub* ours, AnyStub* theirs, double& ours_takes, double& theirs_take) {
    constexpr unsigned turns = 11;
    double least[2] = {1e18, 1e18};
    AnyStub* const which[2] = {ours, theirs};
    full_ = true;
    make_case(stub);
    for (unsigned turn = 0; turn < turns; ++turn)
      for (unsigned n = 0; n < 2; ++n) least[n] = std::min(least[n], measure(stub, which[n]));
    full_ = false;
    ours_takes = least[0];
    theirs_take = least[1];
  }

  // Calls each once on such input, between markers 2 number + 1 and 2 number + 2 and marker 0, for a QEMU that counts
  // instructions.
  void count(const Stub& stub, AnyStub* ours, AnyStub* theirs, unsigned number) {
    AnyStub* const which[2] = {ours, theirs};
    full_ = true;
    make_case(stub);
    for (unsigned n = 0; n < 2; ++n) {
      u64 a[Convention::most] = {};
      prepare(stub, a, false);
      marks[2 * number + 1 + n]();
      call(which[n], a);
      marks[0]();
    }
    full_ = false;
  }

  // Whether both do the same on `cases` inputs; says how they differ if not.
  bool compare(const Stub& stub, AnyStub* ours, AnyStub* theirs, u32 cases, Sink& messages) {
    for (u32 n = 0; n < cases; ++n) {
      make_case(stub);
      u64 expected = run(stub, theirs, false);
      std::memcpy(after_, memory_, sizeof memory_);
      if (stub.convention.has(Role::decoded_bytes)) expected = decode_rest(stub.convention, expected);
      if (!same_limit(stub.convention, static_cast<u32>(expected))) continue;
      const u64 got = run(stub, ours, true);
      const ir::Type type = type_of(stub.convention.result);
      const bool same_result = type == ir::Type::none || (type == ir::Type::i64 ? got == expected : static_cast<u32>(got) == static_cast<u32>(expected));
      if (same_result && std::memcmp(after_, memory_, sizeof memory_) == 0) continue;
      (messages << stub.name << ": case ").udec(n) << " of this seed differs from HotSpot's in ";
      if (same_result)
        explain_memory(messages);
      else
        (messages << "its result: ").hex(static_cast<u32>(got)) << " instead of ", messages.hex(static_cast<u32>(expected));
      return false;
    }
    return true;
  }

 private:
  static constexpr u32 sha3_rates[4] = {72, 104, 136, 144};

  // HotSpot's decoders leave a group of many characters to Java's if one of them is wrong; jitkit's go on to the group
  // of four that has the first wrong one, and so does this behind what HotSpot's wrote. The one or two bytes of a last group with
  // padding, which HotSpot's may take and jitkit's leave to Java's, are taken back. The result then.
  u64 decode_rest(const Convention& c, u64 written) {
    const u8* const text = before_ + arguments_[c.find(Role::characters)];
    const u64 start = arguments_[c.find(Role::start)], end = arguments_[c.find(Role::end)];
    const bool url = arguments_[c.find(Role::flag)] != 0;
    u8* const to = after_ + arguments_[c.find(Role::decoded_bytes)] + arguments_[c.find(Role::at)];
    u64 bytes = static_cast<u32>(written);
    for (; bytes % 3 != 0; --bytes) to[bytes - 1] = (before_ + (to - after_))[bytes - 1];
    for (u64 n = start + bytes / 3 * 4; n + 4 <= end; n += 4, bytes += 3) {
      u32 group = 0;
      for (unsigned k = 0; k < 4; ++k) {
        const u32 value = value_of(text[n + k], url);
        if (value == 64) return bytes;
        group = group << 6 | value;
      }
      for (unsigned k = 0; k < 3; ++k) to[bytes + k] = static_cast<u8>(group >> (16 - 8 * k));
    }
    return bytes;
  }
  // Of a character of Base64 (RFC 4648); 64: it is none.
  static u32 value_of(u8 c, bool url) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == (url ? '-' : '+') ? 62 : c == (url ? '_' : '/') ? 63 : 64;
  }

  // Each address has an area of its own.
  static constexpr usize area = most + 256;

  // splitmix64 (Steele, Lea, Flood 2014).
  u64 next() {
    u64 z = random_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  u64 below(u64 n) { return full_ ? 0 : next() % n; }
  // The first byte that differs, by the area it is in.
  void explain_memory(Sink& messages) const {
    usize at = 0;
    while (memory_[at] == after_[at]) ++at;
    ((messages << "memory of argument ").udec(at / area) << ", byte ").udec(at % area - arguments_[at / area] % area);
    ((messages << ": ").hex(memory_[at], 2) << " instead of ").hex(after_[at], 2);
    (messages << "; before: ").hex(before_[at], 2);
  }
  // Mostly small numbers up to n; the largest where time is measured.
  u64 some(u64 n) { return full_ ? n : below(n < 32 || below(4) == 0 ? n + 1 : 32); }

  void make_case(const Stub& stub) {
    for (usize n = 0; n < sizeof before_; n += 8) {
      const u64 word = next();
      std::memcpy(before_ + n, &word, 8);
    }
    const u64 rate = sha3_rates[full_ ? 2 : below(4)];
    const u64 block = stub.convention.has(Role::rate) ? rate : stub.kernel->block_bytes;
    const u64 blocks = 1 + some(most / block - 1);
    const u64 offset = below(100000);
    const u64 length = 1 + some(127), length2 = 1 + some(127);
    const u64 scale = below(4), bytes = some(most);
    const u64 start = below(30);
    // No elements are never asked for; HotSpot's x86-64 stub then calls the first one different.
    const u64 elements = bytes / block, compared = 1 + (some(most - 8) >> scale);
    u64 data = 0;
    for (unsigned n = 0; n < stub.convention.count; ++n) {
      u64& a = arguments_[n];
      switch (stub.convention.params[n]) {
        case Role::data: a = data = n * area + below(64); break;
        case Role::state: a = n * area + 8 * below(8); break;
        case Role::offset: a = offset; break;
        case Role::limit: a = offset + (blocks - 1) * block + below(block); break;
        case Role::words:
        case Role::words2:
        case Role::product:
        case Role::sum:
        case Role::shifted: a = n * area + 4 * below(16); break;
        case Role::modulus:
        case Role::residue: a = n * area + 4 * below(16); break;
        case Role::even: a = 2 * ((length + 1) / 2); break;
        case Role::inverse: break;  // make_modulus
        case Role::rate: a = rate; break;
        case Role::characters:
        case Role::decoded_bytes: a = n * area + below(64); break;
        case Role::mime: a = below(2); break;
        case Role::length: a = length; break;
        case Role::length2: a = length2; break;
        case Role::total: a = length + (stub.convention.has(Role::length2) ? length2 : length); break;
        case Role::place: a = length + below(40); break;
        case Role::factor:
        case Role::value: a = static_cast<u32>(next()); break;
        case Role::index: a = below(20); break;
        case Role::shift: a = 1 + below(31); break;
        case Role::count: a = length; break;
        case Role::twin: a = make_twin(n, data, compared << scale); break;
        case Role::elements: a = compared; break;
        case Role::scale: a = scale; break;
        case Role::bytes: a = bytes; break;
        case Role::checksum: a = static_cast<u32>(next()); break;
        case Role::sums:
          a = below(65521) << 16;
          a |= below(65521);
          break;
        case Role::from:
        case Role::apart: a = n * area + block * below(64 / block); break;
        case Role::to: a = below(2) == 0 ? n * area : below(most / block) * block; break;
        case Role::n: a = elements; break;
        case Role::crc_table: a = n * area; break;
        case Role::in: data = a = n * area + below(64); break;
        case Role::out: a = below(4) == 0 ? data : n * area + below(64); break;
        case Role::key: a = make_key(n); break;
        case Role::iv:
        case Role::counter:
        case Role::saved: a = n * area + 8 * below(8); break;
        case Role::whole: a = 16 * (1 + some(most / 16 - 1)); break;
        case Role::some: a = 1 + some(most - 1); break;
        case Role::used: a = make_used(n); break;
        case Role::hash: a = n * area + 8 * below(8); break;
        case Role::hash_key: clear_powers(before_ + (a = n * area + 8 * below(8))); break;
        case Role::hashed: a = 1 + some(most / 16 - 1); break;
        case Role::start: a = start; break;
        // Java leaves a decoder more than four characters, and HotSpot's for AArch64 does not look.
        case Role::end:
          a = start + (stub.convention.has(Role::characters) ? 5 + some(most - 44) : 3 * (1 + some(most / 4 - 40)));
          break;
        case Role::text: a = n * area + below(64); break;
        case Role::at: a = below(30); break;
        case Role::cell: a = n * area + 8 * below(8); break;
        case Role::addend:
        case Role::desired: a = next(); break;
        case Role::expected: a = make_expected(); break;
        case Role::flag: a = below(2); break;
        case Role::blocks:
        case Role::block_size:
        case Role::decoded:
        case Role::size:
        case Role::mismatch:
        case Role::carry:
        case Role::old:
        case Role::old_acq_rel:
        case Role::old_release:
        case Role::old_relaxed:
        case Role::none: check(false);
      }
    }
    if (stub.convention.has(Role::modulus)) make_modulus(stub.convention);
    if (stub.convention.has(Role::characters)) make_characters(stub.convention);
  }
  // Odd, with its inverse.
  void make_modulus(const Convention& c) {
    u8* const last = before_ + arguments_[c.find(Role::modulus)] + 4 * arguments_[c.find(Role::even)] - 4;
    last[0] |= 1;
    u32 words[2];  // the more significant one first
    std::memcpy(words, last - 4, 8);
    const u64 lowest = u64{words[0]} << 32 | words[1];
    u64 inverse = lowest;  // right in the lowest three bits; each step doubles them
    for (unsigned n = 0; n < 5; ++n) inverse *= 2 - lowest * inverse;
    arguments_[c.find(Role::inverse)] = ~inverse + 1;
  }
  // Of the alphabet, but one in half of the cases.
  void make_characters(const Convention& c) {
    const bool url = arguments_[c.find(Role::flag)] != 0;
    u8* const text = before_ + arguments_[c.find(Role::characters)];
    const u64 start = arguments_[c.find(Role::start)], end = arguments_[c.find(Role::end)];
    for (u64 n = start; n < end; ++n) {
      const unsigned k = text[n] % 64;
      const unsigned c62 = url ? '-' : '+', c63 = url ? '_' : '/';
      text[n] = static_cast<u8>(k < 26 ? 'A' + k : k < 52 ? 'a' + k - 26 : k < 62 ? '0' + k - 52 : k == 62 ? c62 : c63);
    }
    if (!full_ && below(2) == 0) text[start + below(end - start)] = below(2) == 0 ? u8{'='} : static_cast<u8>(next());
  }
  // A copy of the bytes at `data`, of which one may differ.
  u64 make_twin(u64 n, u64 data, u64 bytes) {
    const u64 at = n * area + below(64);
    std::memcpy(before_ + at, before_ + data, bytes);
    if (!full_ && below(2) == 0) before_[at + below(bytes)] ^= static_cast<u8>(1 + below(255));
    return at;
  }

  // Half of the cases: what the cell holds.
  u64 make_expected() {
    u64 value;
    std::memcpy(&value, before_ + arguments_[0], 8);
    return below(2) == 0 ? value : next();
  }

  // The length of the schedule stands in front of it.
  u64 make_key(u64 n) {
    const u64 at = n * area + 8 + 8 * below(8);
    const u32 words = 44 + 8 * static_cast<u32>(below(3));
    std::memcpy(before_ + at - 4, &words, 4);
    return at;
  }
  u64 make_used(u64 n) {
    const u64 at = n * area + 4 * below(16);
    const u32 used = 16 - static_cast<u32>(below(17));
    std::memcpy(before_ + at, &used, 4);
    return at;
  }

  // Memory and arguments of the case.
  void prepare(const Stub& stub, u64* a, bool rubbish) {
    std::memcpy(memory_, before_, sizeof memory_);
    for (unsigned n = 0; n < stub.convention.count; ++n) {
      a[n] = arguments_[n];
      if (type_of(stub.convention.params[n]) == ir::Type::ptr)
        a[n] += reinterpret_cast<u64>(memory_);
      else if (rubbish && type_of(stub.convention.params[n]) == ir::Type::i32)
        a[n] |= 0xdeadbeef00000000;
    }
  }
  // Nanoseconds per call, over a tenth of a millisecond.
  double measure(const Stub& stub, AnyStub* f) {
    u64 a[Convention::most] = {};
    prepare(stub, a, false);
    for (u64 calls = 1;; calls *= 2) {
      const u64 start = now();
      for (u64 n = 0; n < calls; ++n) call(f, a);
      const u64 taken = now() - start;
      if (taken > 100000) return static_cast<double>(taken) / static_cast<double>(calls);
    }
  }
  static u64 now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * 1000000000 + static_cast<u64>(t.tv_nsec);
  }
  static u64 call(AnyStub* f, const u64* a) { return f(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]); }

  u64 run(const Stub& stub, AnyStub* f, bool rubbish) {
    u64 a[Convention::most] = {};
    prepare(stub, a, rubbish);
    const u64 result = call(f, a);
    forget(stub);
    return result;
  }
  // HotSpot's SHA-512 for x86-64 leaves the last block to the next call: the limit becomes the one that it kept to.
  // False if it read nothing, which jitkit's never do.
  bool same_limit(const Convention& c, u32 read_until) {
    const int limit = c.find(Role::limit);
    if (limit < 0 || read_until > arguments_[limit]) return true;
    arguments_[limit] = read_until - 1;
    return read_until != arguments_[c.find(Role::offset)];
  }
  // Clears what has no meaning any more.
  void forget(const Stub& stub) {
    const Convention& c = stub.convention;
    if (c.has(Role::hash_key)) clear_powers(memory_ + arguments_[c.find(Role::hash_key)]);
    if (!c.has(Role::used)) return;
    u32 used;
    std::memcpy(&used, memory_ + arguments_[c.find(Role::used)], 4);
    if (used == 16) std::memset(memory_ + arguments_[c.find(Role::saved)], 0, 16);
  }
  // Behind a hash key Java has room where HotSpot's stubs keep its powers once they are computed.
  static void clear_powers(u8* key) { std::memset(key + 16, 0, 16 * 8); }

  u64 random_;
  bool full_ = false;
  u64 arguments_[Convention::most] = {};
  alignas(64) u8 before_[7 * area] = {};
  alignas(64) u8 memory_[sizeof before_] = {};
  alignas(64) u8 after_[sizeof before_] = {};
};

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_VERIFY_HPP
