// The time is the processor's, taken inside by a program that loads the one to be measured: the start of a process
// and of the language is left out. Instructions are those of the whole process.
#include "lua.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "confined.hpp"

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;

constexpr usize most_dump = usize{4} << 20;
constexpr const char* emulator = "/usr/bin/qemu-aarch64";
constexpr const char* root = "/usr/aarch64-linux-gnu";

// What the program prints stays on its output; the time is the last line of the other.
constexpr const char* measure = R"(local clock, write, format = os.clock, io.stderr, string.format
local program = assert(loadfile("program.lua"))
local start = clock()
program()
local took = clock() - start
write:write(format("\n%.6f", took))
)";

void copy_program(const fs::path& from, const fs::path& to) {
  std::error_code e;
  fs::create_directories(to.parent_path(), e);
  if (fs::copy_file(from, to, fs::copy_options::overwrite_existing, e); !e) fs::permissions(to, fs::perms(0755), e);
}

// make luajit's cache; what is there may be another's, and unreadable to confined programs.
fs::path cache() {
  if (const char* named = std::getenv("JITKIT_CACHE"); named != nullptr && *named != '\0') return named;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : "/") / ".cache" / "jitkit";
}

}  // namespace

struct Lua::Engine {
  const char* name;
  const char* target;
  std::string_view backend;  // of LuaJIT: stock or jitkit; interp: no traces; empty: PUC Lua
  bool is_luajit() const { return !backend.empty(); }
};
const Lua::Engine Lua::engines[] = {
    {"puc-x86_64", "x86_64", ""},   {"interp-x86_64", "x86_64", "interp"}, {"stock-x86_64", "x86_64", "stock"},
    {"jitkit-x86_64", "x86_64", "jitkit"}, {"puc-arm64", "arm64", ""},     {"interp-arm64", "arm64", "interp"},
    {"stock-arm64", "arm64", "stock"},     {"jitkit-arm64", "arm64", "jitkit"},
};

Lua::Lua(std::string consumers, std::string counter, const Room& room)
    : room_{room.directory, 6 * room.seconds}, directory_((fs::path(room.directory) / "lua").string()) {
  std::error_code e;
  fs::create_directory(directory_, e);
  for (const std::string target : {"x86_64", "arm64"}) {
    copy_program(fs::path(consumers) / "luajit" / target / "luajit", file(target + "/luajit"));
    for (const auto& module : fs::directory_iterator(cache() / "luajit" / target / "src" / "jit", e))
      if (module.path().extension() == ".lua")
        copy_program(module.path(), file(target + "/jit/" + module.path().filename().string()));
  }
  const fs::path puc = cache() / "lua-arm64";
  copy_program(puc / "usr/bin/lua5.1", file("arm64/lua5.1"));
  for (const auto* library : {"libreadline.so.8", "libtinfo.so.6"}) {
    for (const auto* place : {"lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"})
      if (fs::exists(puc / place / library, e))
        copy_program(puc / place / library, file(std::string("arm64/") + library));
  }
  copy_program(counter, file("count.so"));
  std::ofstream(file("measure.lua")) << measure;
  fs::permissions(file("measure.lua"), fs::perms(0644), e);
}

std::string Lua::missing(const Engine& e) const {
  const std::string target = e.target;
  const auto there = [](const std::string& name) { return access(name.c_str(), R_OK) == 0; };
  if (e.is_luajit() && !there(file(target + "/luajit")))
    return "LuaJIT with jitkit's backend is not built: make luajit, then make explore again";
  if (target == "x86_64")
    return e.is_luajit() || there("/usr/bin/lua5.1") ? "" : "PUC Lua is missing: apt-get install lua5.1";
  if (!there(emulator) || !there(root))
    return "AArch64 needs QEMU and its C library: apt-get install qemu-user gcc-aarch64-linux-gnu";
  if (!there(file("count.so"))) return "the counter of instructions is not built: make explore builds it";
  if (!e.is_luajit() && !there(file("arm64/lua5.1")))
    return "PUC Lua for AArch64 is missing: make explore fetches it where there is a network";
  return {};
}

Json Lua::here() const {
  Json all = Json::object();
  for (const Engine& e : engines) all[e.name] = missing(e);
  return all;
}

std::vector<std::string> Lua::command(const Engine& e, bool dump) const {
  const std::string target = e.target;
  std::vector<std::string> words{"/usr/bin/env", "LUA_PATH=" + file(target) + "/?.lua;;"};
  if (e.is_luajit()) words.push_back(std::string("JITKIT_LUAJIT=") + (e.backend == "jitkit" ? "jitkit" : "stock"));
  if (dump) words.push_back("JITKIT_LUAJIT_IR=ir.txt");
  if (target == "arm64") {
    words.insert(words.end(), {emulator, "-cpu", "max", "-L", root});
    if (!dump) words.insert(words.end(), {"-plugin", file("count.so") + ",out=count.txt"});
    if (!e.is_luajit()) words.insert(words.end(), {"-E", "LD_LIBRARY_PATH=" + file("arm64")});
  }
  words.push_back(e.is_luajit()       ? file(target + "/luajit")
                  : target == "arm64" ? file("arm64/lua5.1")
                                      : "/usr/bin/lua5.1");
  if (e.backend == "interp") words.push_back("-joff");
  if (dump) words.push_back("-jdump=tim,dump.txt");
  words.push_back(file("measure.lua"));
  return words;
}

Json Lua::run(const Json& question, const std::atomic<bool>& cancelled) const {
  const std::string name = question.value("engine", "");
  const Engine* engine = nullptr;
  for (const Engine& e : engines)
    if (name == e.name) engine = &e;
  if (engine == nullptr) return {{"message", fmt::format("'{}' is no engine", name)}};
  if (const std::string what = missing(*engine); !what.empty()) return {{"message", what}};
  Confined run(room_);
  if (!run.error().empty()) return {{"message", run.error()}};
  run.limits.memory = (engine->target == std::string_view("arm64") ? u64{4} : u64{1}) << 30;  // QEMU wants room beside
  run.limits.fine_clock = true;
  run.write("program.lua", question.value("text", ""));
  const bool dump = !question.value("dump", "").empty() && engine->is_luajit();
  Outcome o = run.run(command(*engine, dump), cancelled);
  const std::string message = why(o, run.limits);
  Json j{{"good", message.empty() && o.status == 0}};
  const usize line = o.err.rfind('\n');
  if (j["good"] && line != std::string::npos) {
    j["seconds"] = std::strtod(o.err.c_str() + line + 1, nullptr);
    o.err.resize(line);
  }
  if (const std::string count = run.read("count.txt", 64); count.starts_with("total "))
    j["instructions"] = std::strtoull(count.c_str() + 6, nullptr, 10);
  if (dump) {
    j["dump"] = run.read("dump.txt", most_dump);
    j["ir"] = run.read("ir.txt", most_dump);
  }
  j["out"] = o.out;
  j["err"] = o.err;
  if (!message.empty()) j["message"] = message;
  return j;
}

}  // namespace jitkit::tools
