// The first process of a kernel under QEMU: runs every program of /tests, says how each ended, and turns the machine
// off. tests/checks/threads_arm64.py packs it and reads what it prints.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// The exit status, or -1 of a program that a signal ended.
static int run(const char* name) {
  char path[300];
  snprintf(path, sizeof path, "/tests/%s", name);
  const pid_t child = fork();
  if (child == 0) {
    char* const arguments[] = {path, "--no-colors=true", "--no-intro=true", "--duration=true", NULL};
    char* const environment[] = {"JITKIT_TEST_KERNEL=1", NULL};
    execve(path, arguments, environment);
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void) {
  mkdir("/proc", 0755);
  mkdir("/tmp", 0777);
  if (mount("proc", "/proc", "proc", 0, NULL) != 0) perror("/proc");
  if (mount("tmp", "/tmp", "tmpfs", 0, NULL) != 0) perror("/tmp");
  setvbuf(stdout, NULL, _IOLBF, 0);
  DIR* tests = opendir("/tests");
  for (struct dirent* e; tests != NULL && (e = readdir(tests)) != NULL;) {
    if (e->d_name[0] == '.') continue;
    printf("begin %s\n", e->d_name);
    printf("end %s %d\n", e->d_name, run(e->d_name));
  }
  fflush(stdout);
  sync();
  reboot(RB_POWER_OFF);
  return 1;
}
