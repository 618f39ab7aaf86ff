// What the running libjvm tells about itself: its version, and where it keeps the addresses of its stubs.
//
// HotSpot exports a description of its own data (gHotSpotVMStructs, for debuggers): the version is read
// there, where no property given on the command line can change it. Stub entries are static fields, some of
// them described; the others are the words of libjvm's writable segments that hold an address inside the
// stub's code.
// Source: openjdk-17, src/hotspot/share/runtime/vmStructs.hpp.
#ifndef JITKIT_CONSUMERS_JVM_VM_HPP
#define JITKIT_CONSUMERS_JVM_VM_HPP

#include <jitkit/config.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::hotspot {

// One stub as HotSpot made it.
struct Original {
  u64 start = 0, end = 0;  // of its code; 0: there is none
  u64* field = nullptr;    // where libjvm keeps its entry
  u64 entry = 0;
  bool described = false;  // libjvm says where the field is
  bool absent = false;     // HotSpot generated none, and its field is known all the same
  unsigned fields = 0;     // how many words hold its entry: more than one is not understood
};

class Libjvm {
 public:
  // Finds the libjvm of this process; false if there is none.
  bool find() {
    dl_iterate_phdr(&visit, this);
    return handle_ != nullptr;
  }

  // Where a static field is; null if libjvm does not describe it.
  const void* static_field(std::string_view type, std::string_view field) const {
    const char* entry = described(type, field);
    return entry == nullptr ? nullptr : read<const void*>(entry + word<u64>("gHotSpotVMStructEntryAddressOffset"));
  }

  // Whether a flag of the JVM (-XX) is on; `unknown` if libjvm does not tell.
  bool flag(std::string_view name, bool unknown) const {
    const u8* at = flag_address(name);
    return at == nullptr ? unknown : *at != 0;
  }
  // Where such a flag is kept; null if libjvm does not tell.
  u8* flag_address(std::string_view name) const {
    const char* name_field = described("JVMFlag", "_name");
    const char* address_field = described("JVMFlag", "_addr");
    const void* flags = static_field("JVMFlag", "flags");
    const void* count = static_field("JVMFlag", "numFlags");
    const u64 stride = type_size("JVMFlag");
    if (name_field == nullptr || address_field == nullptr || flags == nullptr || count == nullptr || stride == 0) return nullptr;
    const u64 offset_at = word<u64>("gHotSpotVMStructEntryOffsetOffset");
    const u64 name_at = read<u64>(name_field + offset_at), address_at = read<u64>(address_field + offset_at);
    const char* row = read<const char*>(flags);
    for (u64 n = read<u64>(count); n != 0; --n, row += stride)
      if (const char* row_name = read<const char*>(row + name_at); row_name != nullptr && name == row_name)
        return read<u8*>(row + address_at);
    return nullptr;
  }

  // Where the entry of the stub of that name is kept, if libjvm describes it.
  u64* stub_field(const char* name) const {
    char field[64] = "_";
    const usize length = std::strlen(name);
    if (length + 2 > sizeof field) return nullptr;
    std::memcpy(field + 1, name, length + 1);
    return static_cast<u64*>(const_cast<void*>(static_field("StubRoutines", field)));
  }

  // f(const char* name, u64* address) for the variables of libjvm's own symbol table, if its file has one.
  template <class F>
  void for_each_variable(F f) const {
    const int file = ::open(path_, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (file < 0 || ::fstat(file, &info) != 0) return;
    const usize size = static_cast<usize>(info.st_size);
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    if (map == MAP_FAILED) return;
    const char* const image = static_cast<const char*>(map);
    // The file may have been replaced since: what it begins with, headers and build ID, is in memory as it was.
    constexpr usize beginning = 4096;
    if (size < beginning || std::memcmp(image, reinterpret_cast<const void*>(base_), beginning) != 0) {
      ::munmap(map, size);
      return;
    }
    const auto header = read<ElfW(Ehdr)>(image);
    const auto section = [&](usize n) { return read<ElfW(Shdr)>(image + header.e_shoff + n * sizeof(ElfW(Shdr))); };
    for (usize n = 0; n < header.e_shnum; ++n) {
      const ElfW(Shdr) table = section(n);
      if (table.sh_type != SHT_SYMTAB) continue;
      const char* const names = image + section(table.sh_link).sh_offset;
      for (u64 at = 0; at < table.sh_size; at += sizeof(ElfW(Sym)))
        if (const auto s = read<ElfW(Sym)>(image + table.sh_offset + at); ELF64_ST_TYPE(s.st_info) == STT_OBJECT && s.st_size == 8)
          f(names + s.st_name, reinterpret_cast<u64*>(base_ + s.st_value));
    }
    ::munmap(map, size);
  }

  // Whether the address is one of libjvm's own code.
  bool has_code(u64 address) const { return address >= code_.start && address < code_.end; }

  // 17 for "17.0.15+6"; 0 if libjvm does not say.
  u32 major_version() const {
    const void* at = static_field("Abstract_VM_Version", "_vm_major_version");
    return at == nullptr ? 0 : read<u32>(at);
  }
  const char* release() const {
    const void* at = static_field("Abstract_VM_Version", "_s_vm_release");
    const char* text = at == nullptr ? nullptr : read<const char*>(at);
    return text == nullptr ? "(it does not say)" : text;
  }

  // f(u64* word) for each aligned word of writable data.
  template <class F>
  void for_each_word(F f) const {
    for (unsigned n = 0; n < segments_; ++n)
      for (u64 a = (segment_[n].start + 7) & ~u64{7}; a + 8 <= segment_[n].end; a += 8)
        f(reinterpret_cast<u64*>(a));
  }

 private:
  // The row of gHotSpotVMStructs that describes a field; null if there is none.
  const char* described(std::string_view type, std::string_view field) const {
    const char* entry = word<const char*>("gHotSpotVMStructs");
    const u64 stride = word<u64>("gHotSpotVMStructEntryArrayStride");
    const u64 type_at = word<u64>("gHotSpotVMStructEntryTypeNameOffset");
    const u64 name_at = word<u64>("gHotSpotVMStructEntryFieldNameOffset");
    if (entry == nullptr || stride == 0) return nullptr;
    for (; read<const char*>(entry + type_at) != nullptr; entry += stride)
      if (type == read<const char*>(entry + type_at) && field == read<const char*>(entry + name_at)) return entry;
    return nullptr;
  }
  // Bytes; 0 if libjvm does not describe the type.
  u64 type_size(std::string_view type) const {
    const char* entry = word<const char*>("gHotSpotVMTypes");
    const u64 stride = word<u64>("gHotSpotVMTypeEntryArrayStride");
    const u64 name_at = word<u64>("gHotSpotVMTypeEntryTypeNameOffset");
    const u64 size_at = word<u64>("gHotSpotVMTypeEntrySizeOffset");
    if (entry == nullptr || stride == 0) return 0;
    for (; read<const char*>(entry + name_at) != nullptr; entry += stride)
      if (type == read<const char*>(entry + name_at)) return read<u64>(entry + size_at);
    return 0;
  }

  struct Segment {
    u64 start, end;
  };

  template <class T>
  static T read(const void* p) {
    T value;
    std::memcpy(&value, p, sizeof value);
    return value;
  }
  template <class T>
  T word(const char* symbol) const {
    const void* at = dlsym(handle_, symbol);
    return at == nullptr ? T{} : read<T>(at);
  }

  static int visit(dl_phdr_info* info, usize, void* self) {
    const std::string_view path = info->dlpi_name;
    constexpr std::string_view name = "/libjvm.so";
    if (path.size() < name.size() || path.substr(path.size() - name.size()) != name) return 0;
    static_cast<Libjvm*>(self)->take(*info);
    return 1;
  }
  void take(const dl_phdr_info& info) {
    handle_ = dlopen(info.dlpi_name, RTLD_NOLOAD | RTLD_LAZY);
    path_ = info.dlpi_name;
    base_ = info.dlpi_addr;
    for (unsigned n = 0; n < info.dlpi_phnum && segments_ < 8; ++n) {
      const ElfW(Phdr)& p = info.dlpi_phdr[n];
      if (p.p_type == PT_LOAD && (p.p_flags & PF_X) != 0) code_ = {info.dlpi_addr + p.p_vaddr, info.dlpi_addr + p.p_vaddr + p.p_memsz};
      if (p.p_type != PT_LOAD || (p.p_flags & PF_W) == 0) continue;
      segment_[segments_++] = {info.dlpi_addr + p.p_vaddr, info.dlpi_addr + p.p_vaddr + p.p_memsz};
    }
  }

  void* handle_ = nullptr;
  const char* path_ = "";  // the loader's
  u64 base_ = 0;
  Segment segment_[8] = {};
  Segment code_ = {};
  unsigned segments_ = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_VM_HPP
