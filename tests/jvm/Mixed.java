// The other programs in many threads at once, each with copies of its own (class loaders), while collections go on:
// arguments are threads, rounds and how many collections at least. With `wait` they are repeated until there is a line
// on stdin. Every thread has to find the same each time; that is printed for comparison with another run.
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

public class Mixed {
    static volatile boolean told;

    static long collections() {
        long count = 0;
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) count += collector.getCollectionCount();
        return count;
    }

    static String run(int rounds) throws Exception {
        URL classes = Path.of(System.getProperty("java.class.path")).toUri().toURL();
        StringBuilder text = new StringBuilder();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {classes}, ClassLoader.getPlatformClassLoader())) {
            for (String program : new String[] {"Digests", "Ciphers", "Arrays"}) {
                Method run = loader.loadClass(program).getDeclaredMethod("run", int.class);
                run.setAccessible(true);
                text.append(run.invoke(null, rounds)).append("\n");
            }
        }
        return text.toString();
    }

    // What run() gives; each time the same, or null.
    static String repeated(int rounds) {
        try {
            String first = run(rounds);
            while (!told)
                if (!run(rounds).equals(first)) return null;
            return first;
        } catch (Throwable e) {
            e.printStackTrace();
            return null;
        }
    }

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[0]), rounds = Integer.parseInt(arguments[1]), least = Integer.parseInt(arguments[2]);
        told = arguments.length == 3;
        String[] found = new String[count];
        Thread[] threads = new Thread[count];
        long before = collections();
        for (int n = 0; n < count; n++) {
            int number = n;
            threads[n] = new Thread(() -> found[number] = repeated(rounds));
            threads[n].start();
        }
        System.out.println("running");
        if (!told) {
            System.in.read();
            told = true;
        }
        for (Thread thread : threads)
            while (thread.isAlive()) {
                System.gc();
                thread.join(200);
            }
        while (collections() - before < least) System.gc();
        for (String one : found)
            if (one == null || !one.equals(found[0])) {
                System.err.println("threads differ: " + one + found[0]);
                System.exit(3);
            }
        System.out.print(found[0]);
    }
}
