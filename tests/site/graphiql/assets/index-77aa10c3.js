console.log("graphiql");
