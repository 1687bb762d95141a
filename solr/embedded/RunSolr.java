// One SolrCloud node in one JVM, for the demo and the tests: HOME holds solr.xml and zoo.cfg, and
// with -DzkRun the node brings its own ZooKeeper on PORT + 1000. Listens on the loopback only.
//
//   java -cp 'lib/*:classes' -DzkRun -Dsolr.log.dir=LOGS RunSolr HOME PORT
//
// SIGTERM stops the server and closes the cores (which commits them); see start and stop here.

import java.nio.file.Path;
import java.util.EnumSet;
import javax.servlet.DispatcherType;
import org.apache.solr.servlet.CoreContainerProvider;
import org.apache.solr.servlet.SolrDispatchFilter;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.DefaultServlet;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

public final class RunSolr {
  private static final String LOOPBACK = "127.0.0.1";

  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: RunSolr HOME PORT");
      System.exit(2);
    }
    String home = Path.of(args[0]).toAbsolutePath().toString();
    int port = Integer.parseInt(args[1]);
    System.setProperty("solr.solr.home", home);
    System.setProperty("solr.install.dir", home);
    System.setProperty("jetty.port", Integer.toString(port));

    // A request that fans out to shards of the same node needs a second thread while it holds the
    // first, so the pool must be far larger than the number of clients.
    Server server = new Server(new QueuedThreadPool(1000, 8, 60_000));
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    ServerConnector connector =
        new ServerConnector(
            server,
            new HttpConnectionFactory(configuration),
            new HTTP2CServerConnectionFactory(configuration));
    connector.setHost(LOOPBACK);
    connector.setPort(port);
    connector.setIdleTimeout(120_000);
    server.addConnector(connector);

    ServletContextHandler context =
        new ServletContextHandler(server, "/solr", ServletContextHandler.SESSIONS);
    context.addEventListener(new CoreContainerProvider());
    context.addFilter(SolrDispatchFilter.class, "/*", EnumSet.of(DispatcherType.REQUEST));
    context.addServlet(DefaultServlet.class, "/");
    server.setStopAtShutdown(true);
    try {
      server.start();
    } catch (Exception e) {
      // A port in use, above all. Non-daemon threads of Solr would keep the JVM alive.
      e.printStackTrace();
      System.exit(1);
    }
    server.join();
  }

  private RunSolr() {}
}
