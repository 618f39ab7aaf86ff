// The server of `jitkit explore`: a page and what it asks, on loopback, behind a token.
#ifndef JITKIT_TOOLS_EXPLORE_SERVER_HPP
#define JITKIT_TOOLS_EXPLORE_SERVER_HPP

#include <string>

namespace jitkit::tools {

struct ServerOptions {
  std::string self;    // this program: it answers questions about hostile text in processes of its own
  std::string jitkit;  // the command that runs programs
  std::string importer;  // jitkit-import, for programs in C; may be missing
  std::string consumers;  // where make luajit puts its programs; may be missing
  std::string counter;    // the QEMU plugin that counts instructions; may be missing
  std::string assets;  // directory of page.html, page.js, page.css
  int port = 0;         // 0: any
  double seconds = 10;  // that a program or an answer may take
};

// Prints the address and serves until it is ended. An exit status.
int serve(const ServerOptions& options);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_SERVER_HPP
